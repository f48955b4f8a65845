// invoice.paid and invoice.failed of partners: each invoice is a payment by itself, and tells how the last payment of
// the subscription that it names went.
//
// Paid beats failed, in whatever order they come. Amount, currency, user and subscription are as the newest event
// that says them has them.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

// The rank: 0 failed, 1 paid.
struct InvoicePaymentFacts : FactsOf<InvoiceAttributes> {
  InvoiceOutcome outcome = InvoiceOutcome::failed;
};

void name_reads(const View& view, const InvoicePaymentFacts& facts, Reads& reads);

// Tells invoice.paid or invoice.failed when the payment first comes to be so; each once for an invoice, and
// invoice.failed of none that was paid before.
Result<Effects> decide(const View& view, const InvoicePaymentFacts& facts, const Policy& policy);

}  // namespace penstock
