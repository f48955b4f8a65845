// The timer behind confirmations that came before their payments: looks those up whose time has come, and parks what had
// its last look-up.
#pragma once

#include "common/ports/clock.h"
#include "common/ports/event_log.h"
#include "common/ports/store.h"
#include "workers/domain/event/policy.h"
#include "workers/runtime/metrics.h"

namespace penstock {

struct LookupPorts {
  Store& store;
  EventSource& source;  // where the events stand that are to be parked
  EventSink& sink;      // and the dead letters are to
  const Clock& clock;
  const Policy& policy;
  WorkerMetrics& metrics;
  Milliseconds park_deadline{10'000};
};

// Sweeps once: at most 50 payments. Returns how many were looked up; an error when one could not be, after the others had
// their turn unless the store itself is the trouble, or the log. Safe to run from several places at once: each payment is
// decided about in its own transaction. A dead letter is durable before the inbox says "parked". Blocks.
Result<int> sweep_due_lookups(const LookupPorts& ports);

}  // namespace penstock
