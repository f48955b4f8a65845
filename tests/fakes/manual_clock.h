// A clock that stands still until it is told otherwise. Thread-safe.
#pragma once

#include <atomic>

#include "common/ports/clock.h"

namespace penstock {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = timestamp_from_unix_ms(1'753'463'561'000))
      : now_ms_(to_unix_ms(start)) {}

  Timestamp now() const noexcept override { return timestamp_from_unix_ms(now_ms_); }
  Milliseconds uptime() const noexcept override { return Milliseconds{uptime_ms_}; }
  // Sets the wall clock alone.
  void set(Timestamp now) noexcept { now_ms_ = to_unix_ms(now); }
  void advance(Milliseconds by) noexcept {
    now_ms_ += by.count();
    uptime_ms_ += by.count();
  }

 private:
  std::atomic<std::int64_t> uptime_ms_ = 0;
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace penstock
