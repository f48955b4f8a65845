// How the pool `deliveries` is doing: looked up in the store every few seconds, as it consumes no topic.
#pragma once

#include <prometheus/gauge.h>

#include <deque>
#include <mutex>
#include <optional>

#include "common/async/periodic.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/store.h"
#include "ingress/admin/api/pool_watch.h"

namespace penstock::admin {

// Looks on a thread of its own, from construction on. The store, the clock and the metrics must outlive it.
class DeliveryWatch {
 public:
  DeliveryWatch(Store& store, const Clock& clock, Metrics& metrics, const PoolWatchOptions& options);

  // As it was last seen, nullopt before the first time. `lag` counts events that are not published yet, a thousand at most; the
  // oldest of them, or the endpoint that is due the longest and that no worker takes, has waited for `oldest_age`; what is done a
  // second are events that are published. Any thread; does not block.
  std::optional<PoolState> state();

 private:
  struct Sample {
    Milliseconds at;  // by Clock::uptime()
    std::int64_t place;
  };
  Status look();
  void note(const Error& error);
  double rate(std::int64_t place);

  Store& store_;
  const Clock& clock_;
  const Milliseconds stuck_after_, rate_window_;
  prometheus::Gauge& unpublished_;
  prometheus::Gauge& oldest_seconds_;
  std::deque<Sample> samples_;  // the thread's
  std::mutex mutex_;
  std::optional<PoolState> seen_;  // with mutex_
  Periodic looking_;               // last: it uses all of the above
};

}  // namespace penstock::admin
