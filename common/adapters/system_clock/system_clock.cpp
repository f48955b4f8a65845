#include "common/adapters/system_clock/system_clock.h"

namespace penstock {

Timestamp SystemClock::now() const noexcept {
  return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

Milliseconds SystemClock::uptime() const noexcept {
  return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace penstock
