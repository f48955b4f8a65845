// What happens to runs without an event: waits time out, and the topic `waits` is told of the runs that wait.
#pragma once

#include "common/ports/clock.h"
#include "common/ports/event_sink.h"
#include "common/ports/store.h"
#include "workers/runtime/metrics.h"

namespace penstock {

// When a run that could not be read is looked at again.
inline constexpr Milliseconds kUnreadableRunsAgain{60'000};

// Ends waits whose time is up, and their grace. As take_up_due().
Result<int> time_out_waits(Store& store, const Clock& clock, WorkerMetrics& metrics);

// Tells the topic of up to 500 runs that have changed since it was told, and takes out those that ended long ago: first the log,
// until it has acknowledged, then the store, that it was told. So whatever dies in between, it is told again. Of runs that cannot
// be read (damaged, or of a later version) the topic keeps what it has; they are logged, and put off by kUnreadableRunsAgain, so
// that they keep no others waiting. Returns how many were told. Errors: the store's and the log's. Blocks for `deadline` at most
// beside the store. Safe to run from several places at once: who finds that a run has changed meanwhile has it told once more.
Result<int> publish_waits(Store& store, EventSink& log, const Clock& clock, Milliseconds deadline);

}  // namespace penstock
