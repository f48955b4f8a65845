// Lets a few lines a second through, so that a flood of bad requests does not fill the log,
// and counts the rest. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "common/core/time.h"

namespace penstock {

class LogLimit {
 public:
  explicit LogLimit(std::uint32_t lines_per_second) : lines_per_second_(lines_per_second) {}

  // nullopt: write nothing. Else the line may be written, after a word about the so many that were held back
  // since this last said how many.
  std::optional<std::uint64_t> admit(Timestamp now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    const std::scoped_lock lock(mutex_);
    if (std::exchange(second_, second) != second) lines_ = 0;
    if (lines_ == lines_per_second_) {
      ++held_back_;
      return std::nullopt;
    }
    ++lines_;
    return std::exchange(held_back_, 0);
  }

  // The so many of which nobody has been told yet; from then on they count as told.
  std::uint64_t take_held_back() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(held_back_, 0);
  }

 private:
  const std::uint32_t lines_per_second_;
  std::mutex mutex_;
  std::chrono::sys_seconds second_{};  // the rest under mutex_
  std::uint32_t lines_ = 0;            // of that second
  std::uint64_t held_back_ = 0;
};

}  // namespace penstock
