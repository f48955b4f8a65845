// Retries of failed payouts. Penstock moves no money: when a retry is due it says so (payout.retry_due), and
// the platform makes another payout.
#pragma once

#include <string_view>

#include "common/core/time.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

// Whether paying to the same destination again cannot help until its details have been changed. A code that
// is not listed, or none, is worth a retry. Source of the codes: docs.stripe.com/api/payouts/failures.
bool is_permanent_failure(std::string_view code) noexcept;

// Plans what follows from the event whose status the payout has: nothing unless it failed; exhausted when the
// failure is permanent or no retries are configured; else the first retry is queued, counted from that event.
// A retry that has been called already keeps its time.
void plan_retry(Payout& payout, const Policy& policy);

// Calls a queued or due retry whose time has come: counts it, tells payout.retry_due once for each attempt,
// and plans the next one from `now`, or none after the last (exhausted). A payout that is not due stays as it
// is, and the outcome is ignored. The row of that key must be loaded.
Effects decide_due_retry(const View& view, const std::string& key, Timestamp now, const Policy& policy);

}  // namespace penstock
