// The latest of a row of immutable snapshots: read by every thread, replaced by one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "common/core/time.h"

namespace penstock {

// current() and wait_for() may be called from any thread; publish() by one at a time.
template <class Snapshot>
class Published {
 public:
  Published() : id_(next_id()), latest_(std::make_shared<const Snapshot>()) {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  // The snapshot now. Takes no lock and copies nothing unless it has changed since this thread's last call. The reference holds
  // until this thread calls current() of any other snapshots of that type, or of these again.
  const Snapshot& current() const {
    struct Held {
      std::uint64_t of = 0;
      std::uint64_t version = 0;
      std::shared_ptr<const Snapshot> snapshot;
    };
    thread_local Held held;
    // What was published before the version was counted up is seen by whoever reads it.
    const auto version = version_.load(std::memory_order_acquire);
    if (held.of != id_ || held.version != version) held = {id_, version, latest()};
    return *held.snapshot;
  }

  std::shared_ptr<const Snapshot> latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }

  void publish(std::shared_ptr<const Snapshot> next) {
    {
      const std::lock_guard lock(mutex_);
      latest_ = std::move(next);
      version_.fetch_add(1, std::memory_order_release);
    }
    changed_.notify_all();
  }

  // Whether `holds(snapshot)` by the deadline. Blocks.
  template <class Holds>
  bool wait_for(Milliseconds deadline, Holds&& holds) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return holds(*latest_); });
  }

 private:
  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  const std::uint64_t id_;  // no others of this process have it
  std::atomic<std::uint64_t> version_{1};
  mutable std::mutex mutex_;  // of latest_
  mutable std::condition_variable changed_;
  std::shared_ptr<const Snapshot> latest_;
};

}  // namespace penstock
