// Readers of the feed that wait for the next event: asked again when there is one, by a thread that looks for all of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/store.h"

namespace penstock::admin {

// All methods may be called from any thread.
class FeedWatch {
 public:
  struct Waiter {
    std::string reader;              // FeedEvent::reader
    std::vector<std::string> types;  // patterns; none: every type
    std::int64_t place = 0;          // the last that there was when it looked
    Milliseconds until{};            // by Clock::uptime()
    std::function<void()> again;
  };
  // Runs a task on a thread that may block; false: not now.
  using Submit = std::function<bool(std::function<void()>)>;

  // The store and the clock must outlive it.
  FeedWatch(Store& store, const Clock& clock, Submit submit);
  // Nobody is asked again after it.
  ~FeedWatch();
  FeedWatch(const FeedWatch&) = delete;
  FeedWatch& operator=(const FeedWatch&) = delete;

  // Submits `again` once: when there is an event of such a type behind `place`, when the time is up, or at the end(). False: as many as
  // allowed wait, or of this reader, and this one does not.
  bool wait(Waiter waiter);

  // Everybody is asked again, and nobody waits any more.
  void end();
  bool ended() const;

 private:
  void run(const std::stop_token& stop);
  std::vector<Waiter> take_ready(std::int64_t before, std::int64_t now, const std::vector<Row>& added);
  void look();

  Store& store_;
  const Clock& clock_;
  const Submit submit_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Waiter> waiters_;
  bool ended_ = false;
  std::int64_t looked_place_ = 0;  // the thread's
  std::jthread thread_;            // last: it uses all of the above
};

}  // namespace penstock::admin
