// payment_intent.*: one attempt after the other to collect an amount.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event.h"
#include "workers/domain/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct IntentFacts {
  EventMeta meta;
  PaymentIntent shown;  // the row, had there been no other event
};

// Status: failed by the type payment_failed (the object is then back at requires_payment_method), else by the
// object's: succeeded, processing, canceled; all others are pending. Its charges: `latest_charge`, or the
// list `charges` of API versions before 2022-11-15. Errors: wrong_shape.
Result<IntentFacts> read_intent(const Event& event);

void name_reads(const View& view, const IntentFacts& facts, Reads& reads);

// Errors: amount_overflow.
Result<Effects> decide(const View& view, const IntentFacts& facts, const Policy& policy);

}  // namespace penstock
