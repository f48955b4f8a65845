// Keeps the store and the log from growing without end.
#pragma once

#include <atomic>

#include "common/async/periodic.h"
#include "common/ports/clock.h"
#include "common/ports/log_admin.h"
#include "common/ports/store.h"
#include "common/ports/store_admin.h"

namespace penstock {

// The dead letters whose inbox rows say that they are parked still. The store must outlive it.
StillParked still_parked_in(Store& store);

struct RetentionTimes {
  Milliseconds events;    // that came in, and that were told
  Milliseconds attempts;  // to tell of them
};

// Every hour, on a thread of its own: makes room ahead in the store, drops from store and log what is older than
// that, and gives the room back. What is parked stays until it is re-driven or
// dropped. Works in short runs, so destruction waits for one of them at most. A failure is logged, and the
// next hour goes on. All it is given must outlive it.
class Maintenance {
 public:
  Maintenance(LogAdmin& log, StoreAdmin& store, StillParked still_parked, const Clock& clock,
              const RetentionTimes& retention);
  ~Maintenance() { stopping_ = true; }
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

 private:
  void work();
  Status repeat(const std::function<Result<bool>()>& run) const;

  LogAdmin& log_;
  StoreAdmin& store_;
  const StillParked still_parked_;
  const Clock& clock_;
  const RetentionTimes retention_;
  std::atomic<bool> stopping_ = false;
  Periodic hourly_;  // last: it uses all of the above
};

}  // namespace penstock
