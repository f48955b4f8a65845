// One pool's consumer: polls a batch, applies it, marks it seen, commits the offsets. What the seen set knows
// from another record is not read; the inbox still says whether that was so.
//
// Nothing is lost or done twice whatever dies: effects and inbox rows commit together, the seen
// set is marked after that, and the offsets come last. A crash in between makes the records come
// again, and the inbox knows them.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "common/ports/clock.h"
#include "common/ports/event_log.h"
#include "common/ports/seen_set.h"
#include "common/ports/store.h"
#include "workers/domain/event/policy.h"
#include "workers/runtime/metrics.h"
#include "workers/runtime/pool_health.h"
#include "workers/sources/sources.h"

namespace penstock {

struct WorkerOptions {
  std::string pool;
  std::string group;  // consumer group
  std::size_t batch_events_max = 500;
  Milliseconds poll_wait{250};
  Milliseconds retry_delay_min{100};
  Milliseconds retry_delay_max{10'000};
  Milliseconds park_deadline{10'000};
  std::string log_address;  // for messages
  std::string store_address;
};

struct WorkerPorts {
  EventLog& log;
  SeenSet& seen_set;  // this worker's own
  Store& store;
  const Clock& clock;
  const Sources& sources;
  PoolHealth& health;
};

// Runs the pool on the calling thread until `stop` is requested, then finishes the batch in hand, commits and
// leaves the group. Errors of the log, the seen set and the store never end it: it backs off, keeps its
// partitions and says why beside the group's offsets (pool_note.h). Returns an error only when it may not go
// on: the log fenced it off.
Status run_worker(const WorkerOptions& options, const WorkerPorts& ports, const Policy& policy,
                  WorkerMetrics& metrics, std::stop_token stop);

}  // namespace penstock
