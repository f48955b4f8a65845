// payment_intent.*: one attempt after the other to collect an amount.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct IntentFacts : FactsOf<IntentAttributes> {
  PaymentStatus status = PaymentStatus::pending;
  std::vector<std::string> charges;  // sorted
};

void name_reads(const View& view, const IntentFacts& facts, Reads& reads);

// Errors: amount_overflow.
Result<Effects> decide(const View& view, const IntentFacts& facts, const Policy& policy);

}  // namespace penstock
