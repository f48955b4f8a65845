// How the worker pools are doing: looked up in the log every few seconds, with the
// notes that the workers left there.
#pragma once

#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/event_source.h"
#include "workers/runtime/pool_note.h"

namespace penstock::admin {

struct PoolState {
  std::string name;
  std::int64_t lag = 0;               // records that are not done yet
  std::chrono::seconds oldest_age{};  // of the record that has waited longest; 0 when none waits
  double rate_1m = 0;                 // records done a second, over the last minute
  std::int64_t members = 0;           // consumers in the group
  std::int64_t partitions = 0;
  PoolActivity state = PoolActivity::idle;
  Timestamp since;  // when that state began, as far as was seen; of one that is stuck, what it last did
  std::optional<std::string> last_error = {};  // why it is backing off or stuck
  Timestamp as_of;
};

struct PoolWatchOptions {
  std::string group_prefix;  // the consumer group of a pool is this and its name
  std::vector<std::string> pools;
  std::string log_address;           // for messages
  Milliseconds stuck_after{15'000};  // with records to do and none done, a pool is stuck
  Milliseconds interval{5'000};
  Milliseconds state_age_max{1'000};  // of what states() answers, while the log does
  Milliseconds rate_window{60'000};
  Milliseconds answer_wait{500};  // for a new look; then states() answers from the last one
};

// Looks on a thread of its own, from construction on, and sets penstock_consumer_lag{pool,partition},
// penstock_pool_state{pool,state} and, since those stay as they are while a pool cannot be seen,
// penstock_pool_seen_timestamp_seconds{pool}. All methods may be called from any thread. The log and the
// clock must outlive it.
class PoolWatch {
 public:
  PoolWatch(EventSource& log, const Clock& clock, Metrics& metrics, PoolWatchOptions options);
  // Waits for the look in hand.
  ~PoolWatch() = default;
  PoolWatch(const PoolWatch&) = delete;
  PoolWatch& operator=(const PoolWatch&) = delete;

  // Every pool as it was last seen. Has it looked at again when that is older than `state_age_max`, and waits
  // for it, but not for longer than `answer_wait`. Errors, only as long as not every pool was ever seen:
  // those of EventSource::progress and read; timeout.
  Result<std::vector<PoolState>> states();

 private:
  struct Done {
    Timestamp at;
    std::int64_t records = 0;  // up to the committed offsets, in all
  };
  struct Pool {
    PoolState state;
    std::deque<Done> history = {};  // within the rate window, oldest first
    std::optional<Done> last_moved =
        {};  // the first look that saw the offsets as they are; none: no look yet
  };

  void run(const std::stop_token& stop);
  // On the thread, without the lock: nobody else touches pools_.
  Status look();
  Status look_at(Pool& pool);
  Result<std::optional<Timestamp>> oldest_of(const std::string& topic, const GroupProgress& progress);
  double rate(std::deque<Done>& history, Done done) const;
  void show(const PoolState& state, const GroupProgress& progress);
  void log_change(const Status& looked);
  void publish(const Status& looked);  // with the lock

  EventSource& log_;
  const Clock& clock_;
  const PoolWatchOptions options_;
  prometheus::Family<prometheus::Gauge>& lag_;
  prometheus::Family<prometheus::Gauge>& state_;
  prometheus::Family<prometheus::Gauge>& seen_;
  std::vector<Pool> pools_;
  bool failing_ = false;

  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::condition_variable looked_;
  // All of these under mutex_.
  bool look_wanted_ = true;
  std::uint64_t looks_begun_ = 0;
  std::uint64_t looks_ended_ = 0;
  Timestamp looked_at_;  // when the last look ended
  Status last_look_ = ok();
  std::optional<std::vector<PoolState>> last_seen_;  // once every pool was

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace penstock::admin
