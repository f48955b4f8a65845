// charge.refunded and charge.dispute.*: money that goes back, or may have to.
//
// The refunded amount is the largest that any event has shown. Of several disputes of a charge the newest is
// shown (by its own creation, then its id), as the newest of its events tells it (created < others < closed
// within a second).
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct RefundFacts : FactsOf<ChargeAttributes> {
  std::optional<std::string> payment_intent;
  MinorUnits amount_refunded;
};
// The id is the charge's.
struct DisputeFacts : FactsOf<DisputeAttributes> {
  std::optional<std::string> payment_intent;
};

void name_reads(const View& view, const RefundFacts& facts, Reads& reads);
void name_reads(const View& view, const DisputeFacts& facts, Reads& reads);

// Errors: amount_overflow.
Result<Effects> decide(const View& view, const RefundFacts& facts, const Policy& policy);
Result<Effects> decide(const View& view, const DisputeFacts& facts, const Policy& policy);

}  // namespace penstock
