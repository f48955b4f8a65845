// What the programs need, as GET /readyz checks it.
#pragma once

#include "common/config/settings.h"
#include "common/ports/event_log.h"
#include "common/ports/store.h"
#include "ingress/routes/log_circuit.h"
#include "ingress/routes/readiness.h"

namespace penstock {

// The log, the circuit and the store must outlive the check.
ReadinessCheck log_check(const Settings& settings, EventLog& log);
// Where events are taken in: the circuit learns what the check finds.
ReadinessCheck log_check(const Settings& settings, LogCircuit& circuit);
ReadinessCheck store_check(const Settings& settings, Store& store);

}  // namespace penstock
