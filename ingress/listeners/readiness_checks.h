// What the programs need, as GET /readyz checks it.
#pragma once

#include "common/config/settings.h"
#include "common/ports/event_log.h"
#include "common/ports/store.h"
#include "ingress/routes/readiness.h"

namespace penstock {

// The log and the store must outlive the check.
ReadinessCheck log_check(const Settings& settings, EventLog& log);
ReadinessCheck store_check(const Settings& settings, Store& store);

}  // namespace penstock
