// SIGTERM and SIGINT as something to wait for.
#pragma once

#include <functional>

#include "common/core/time.h"

namespace penstock {

// Construct it first in main(), before any thread exists: it blocks the two signals for
// all of them, and ignores SIGPIPE.
class Termination {
 public:
  Termination();

  // Returns after the first SIGTERM or SIGINT, or when `give_up` (asked a few times a second) is true. From
  // the first signal on, a second one ends the process at once with status 143.
  void wait(const std::function<bool()>& give_up = [] { return false; });
};

}  // namespace penstock
