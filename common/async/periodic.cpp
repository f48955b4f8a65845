#include "common/async/periodic.h"

#include <condition_variable>
#include <mutex>

namespace penstock {

bool wait_unless_stopped(const std::stop_token& stop, Milliseconds delay) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, delay, [] { return false; });
  return !stop.stop_requested();
}

Periodic::Periodic(Milliseconds interval, std::function<void()> work)
    : thread_([interval, work = std::move(work)](const std::stop_token& stop) {
        do work();
        while (wait_unless_stopped(stop, interval));
      }) {}

}  // namespace penstock
