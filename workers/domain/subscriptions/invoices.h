// invoice.paid and invoice.payment_failed: how the last payment of a subscription went.
//
// The newest outcome holds; of one second's, paid before failed, then the greatest event id. An invoice may
// come before anything else is known of its subscription: the row then has no status yet.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct InvoiceFacts {
  EventMeta meta;
  std::optional<std::string> subscription;  // none: it bills something else, and is ignored
  InvoiceOutcome outcome = InvoiceOutcome::failed;
};

// Takes the outcome, unless a newer one is known; false: one is.
bool take_last_payment(Subscription& row, InvoiceOutcome outcome, const EventMeta& meta);

void name_reads(const View& view, const InvoiceFacts& facts, Reads& reads);
Result<Effects> decide(const View& view, const InvoiceFacts& facts, const Policy& policy);

}  // namespace penstock
