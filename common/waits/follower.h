// Keeps a table of waits up to date with the topic `waits`.
#pragma once

#include <atomic>
#include <thread>

#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/log_reader.h"
#include "common/tables/follow.h"
#include "common/waits/table.h"

namespace prometheus {
class Gauge;
}

namespace penstock::waits {

// On a thread of its own from construction to destruction, which waits for a poll at most. What is known stays as it is while
// the log is away. All that it is given must outlive it.
class Follower {
 public:
  Follower(LogReader& log, const Clock& clock, Metrics& metrics);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  const Table& table() const noexcept { return table_; }

  // Unavailable until the table is filled, unless the log is away: others have no need of it. Any thread; does not block.
  Status ready() const;

 private:
  void run(const std::stop_token& stop);
  void take(const TailBatch& batch);
  void note_contact(const Status& answered);
  void show() const;

  LogReader& log_;
  const Clock& clock_;
  struct Gauges {
    explicit Gauges(Metrics& metrics);
    prometheus::Gauge& age;
    prometheus::Gauge& runs;
  } gauges_;

  Table table_;

  // Of the thread.
  Told<Change> told_;
  Milliseconds contact_at_;
  std::atomic<bool> answers_{true};  // written by it alone
  std::jthread thread_;              // last: it uses all of the above
};

}  // namespace penstock::waits
