// How far each worker pool is behind: looked up in the log every few seconds.
#pragma once

#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/event_log.h"
#include "workers/runtime/periodic.h"

namespace penstock::admin {

struct PoolState {
  std::string name;
  std::int64_t lag = 0;               // records that are not done yet
  std::chrono::seconds oldest_age{};  // of the record that has waited longest; 0 when none waits
  double rate_1m = 0;                 // records done a second, over the last minute
  std::int64_t members = 0;           // consumers in the group
  std::int64_t partitions = 0;
};

struct PoolWatchOptions {
  std::string group_prefix;  // the consumer group of a pool is this and its name
  std::vector<std::string> pools;
  Milliseconds interval{5'000};
  Milliseconds state_age_max{1'000};  // of what states() answers
  Milliseconds rate_window{60'000};
};

// Looks on a thread of its own, from construction on, and sets penstock_consumer_lag{pool,partition}. All
// methods may be called from any thread. The log and the clock must outlive it.
class PoolWatch {
 public:
  PoolWatch(EventLog& log, const Clock& clock, Metrics& metrics, PoolWatchOptions options);

  // Every pool as it was a moment ago; looks again, and blocks, when the last look is older than
  // state_age_max or failed. Errors: those of EventLog::progress and read.
  Result<std::vector<PoolState>> states();

 private:
  struct Done {
    Timestamp at;
    std::int64_t records = 0;  // up to the committed offsets, in all
  };
  struct Pool {
    PoolState state;
    std::deque<Done> history;  // within the rate window, oldest first
  };

  // All of these with mutex_ held.
  Status look();
  Status look_at(Pool& pool, Timestamp now);
  Result<std::chrono::seconds> oldest_age(const std::string& topic, const GroupProgress& progress,
                                          Timestamp now);
  void note(const Status& looked);
  void count_rate(Pool& pool, Done done) const;

  EventLog& log_;
  const Clock& clock_;
  const PoolWatchOptions options_;
  prometheus::Family<prometheus::Gauge>& lag_;

  std::mutex mutex_;
  std::vector<Pool> pools_;
  std::optional<Timestamp> looked_at_;  // none: not yet, or it failed
  bool failing_ = false;

  Periodic ticker_;  // last: it uses all of the above
};

}  // namespace penstock::admin
