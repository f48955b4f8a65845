#include "common/adapters/system_clock/system_clock.h"

namespace penstock {

Timestamp SystemClock::now() const noexcept {
  return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

}  // namespace penstock
