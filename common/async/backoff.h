// How long to wait before the next try.
#pragma once

#include <algorithm>
#include <random>

#include "common/core/time.h"

namespace penstock {

// Doubles from min to max, with jitter so that workers do not come back in step. Used by one thread.
class Backoff {
 public:
  Backoff(Milliseconds min, Milliseconds max) : min_(min), max_(max) {}

  Milliseconds next() {
    const auto ceiling = std::min(max_, min_ * (1 << std::min(tries_++, 16)));
    std::uniform_int_distribution<Milliseconds::rep> spread(ceiling.count() / 2, ceiling.count());
    return Milliseconds{spread(random_)};
  }

 private:
  Milliseconds min_, max_;
  int tries_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace penstock
