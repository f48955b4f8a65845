// The machine's clock: UTC, to the millisecond. It may be set back; nothing in
// Penstock relies on it going forward.
#pragma once

#include "common/ports/clock.h"

namespace penstock {

class SystemClock final : public Clock {
 public:
  Timestamp now() const noexcept override;
  Milliseconds uptime() const noexcept override;
};

}  // namespace penstock
