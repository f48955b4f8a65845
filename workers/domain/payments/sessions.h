// checkout.session.*: what a customer went through, and what was bought.
//
// A session that names both a user and a customer links them, whatever became of it; the link
// of the earliest event holds. A deposit that names neither cannot be credited to anyone: its
// event is parked once it says paid.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct SessionFacts : FactsOf<SessionAttributes> {
  PaymentStatus status = PaymentStatus::pending;
  std::optional<std::string> payment_intent;
};

void name_reads(const View& view, const SessionFacts& facts, Reads& reads);

// Errors: unknown_user and unknown_amount for a paid deposit that cannot be credited, amount_overflow.
Result<Effects> decide(const View& view, const SessionFacts& facts, const Policy& policy);

}  // namespace penstock
