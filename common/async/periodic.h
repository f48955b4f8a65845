// Waiting and repeating on a thread that can be stopped.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include "common/core/time.h"

namespace penstock {

// Waits for `delay`; false as soon as a stop is requested.
bool wait_unless_stopped(const std::stop_token& stop, Milliseconds delay);

// A thread that does something every so often until it is destroyed.
class Periodic {
 public:
  // Runs `work` at once and then `interval` after each end of it, on its own thread. `work` must not throw.
  // Destruction waits for the run in hand.
  Periodic(Milliseconds interval, std::function<void()> work);

 private:
  std::jthread thread_;
};

}  // namespace penstock
