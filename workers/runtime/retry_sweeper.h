// The timer behind queued payout retries: finds those that are due and carries out
// the domain's decision on each.
#pragma once

#include "common/ports/clock.h"
#include "common/ports/store.h"
#include "workers/domain/event/policy.h"

namespace penstock {

// Sweeps once: at most 100 due payouts. Returns how many were called due; an error when one could not be,
// after the others had their turn unless the store itself is the trouble. Safe to run from several places at
// once: each payout is decided about in its own transaction. Blocks.
Result<int> sweep_due_retries(Store& store, const Clock& clock, const Policy& policy);

}  // namespace penstock
