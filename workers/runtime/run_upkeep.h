// What happens to runs without an event: waits time out, and the topic `waits` is told of the runs that wait.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "common/ports/clock.h"
#include "common/ports/event_sink.h"
#include "common/ports/log_reader.h"
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

// Compares the runs that the topic is to tell of with what it does: of each run that it tells of, the hash of its record.
// Has it told again of those that it lacks, or tells otherwise. How many. Errors: the store's. Blocks as long as it takes to read the
// runs that wait, and those that ended within kEndedRunsTold.
using RunsInTopic = std::unordered_map<std::string, std::size_t>;
Result<int> mend_waits(Store& store, const Clock& clock, const RunsInTopic& in_topic);

// How often that is done.
inline constexpr Milliseconds kWaitsComparedEvery = std::chrono::minutes{10};

// Follows the topic until `stop`, and does that when it has read all of it, at first and when the topic may have lost something, and
// every kWaitsComparedEvery: a worker that was held up may have told what was no longer so, and died before it had that noted. What
// has been told a moment ago may be told once more. Remembers a hash for each run in the topic. Blocks.
void keep_waits_whole(const std::stop_token& stop, LogReader& log, Store& store, const Clock& clock);

}  // namespace penstock
