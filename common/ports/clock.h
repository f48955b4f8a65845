// Time as a dependency.
#pragma once

#include "common/core/time.h"

namespace penstock {

// May be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // The wall clock: it may be set, forward and back.
  virtual Timestamp now() const noexcept = 0;
  // Time since some moment, for measuring: it goes forward at one pace whatever happens to the wall clock.
  virtual Milliseconds uptime() const noexcept = 0;
};

}  // namespace penstock
