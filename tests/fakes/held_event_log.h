// A log that takes records and answers for them only when the test says so.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/ports/event_sink.h"

namespace penstock::fakes {

class HeldEventLog : public EventSink {
 public:
  struct Held {
    Record record;
    AppendDone done;
  };

  Status append(Record record, AppendDone done) override {
    const std::scoped_lock lock(mutex_);
    if (refusal_) return *refusal_;
    held_.push_back({std::move(record), std::move(done)});
    changed_.notify_all();
    return ok();
  }

  // The oldest append that is not answered yet; waits for one, ten seconds at most.
  std::optional<Held> take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return !held_.empty(); }))
      return std::nullopt;
    Held oldest = std::move(held_.front());
    held_.pop_front();
    return oldest;
  }

  // Waits until so many appends are not answered yet, ten seconds at most.
  bool wait_for_appends(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return held_.size() >= count; });
  }

  std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return held_.size();
  }

  // From now on append() fails with this; nullopt: takes records again.
  void refuse_with(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    refusal_ = std::move(error);
  }

  // What ready() answers from now on; nullopt: ok.
  void not_ready_because(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    not_ready_ = std::move(error);
  }

  Status flush(Milliseconds) override { return ok(); }
  Status ready(const std::vector<std::string>&) override {
    const std::scoped_lock lock(mutex_);
    if (not_ready_) return *not_ready_;
    return ok();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Held> held_;
  std::optional<Error> refusal_;
  std::optional<Error> not_ready_;
};

}  // namespace penstock::fakes
