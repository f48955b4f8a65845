// Time as a dependency.
#pragma once

#include "common/core/time.h"

namespace penstock {

// May be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const noexcept = 0;
};

}  // namespace penstock
