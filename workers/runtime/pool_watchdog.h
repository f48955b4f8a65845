// Says aloud when a pool applies nothing: log lines, metrics, readiness and the alert `pool_stuck`.
#pragma once

#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "common/observe/metrics.h"
#include "common/ports/store.h"
#include "workers/runtime/pool_health.h"

namespace penstock {

inline constexpr Milliseconds kWatchdogLookInterval{1'000};
inline constexpr Milliseconds kWatchdogAlertInterval{2'000};

// The pools, the store and the clock must outlive it.
class PoolWatchdog {
 public:
  PoolWatchdog(std::vector<const PoolHealth*> pools, const Clock& clock, Metrics& metrics);

  // Looks at all pools; call it every second or so, from one thread. A pool that is stuck is said at once and
  // then every minute, one that waits every minute, and so is the end of it. Does not block.
  void look();

  // Raises the alerts that look() found due, each once: tries again at the next call when the store is the
  // trouble. Blocks as the store does, so call it from a thread of its own.
  void raise_alerts(Store& store);

  // Unavailable when a pool is stuck, naming each, since when and why. Any thread; does not block.
  Status ready() const;

 private:
  struct Watched {
    const PoolHealth* health;
    PoolActivity state = PoolActivity::idle;
    std::optional<Timestamp> said_at;    // the last line about it; none while all is well
    std::optional<PoolStatus> to_alert;  // with mutex_
  };

  void look_at(Watched& pool);
  void say(const Watched& pool, const PoolStatus& status) const;
  void set_metrics(const std::string& pool, const PoolStatus& status);

  const Clock& clock_;
  prometheus::Family<prometheus::Gauge>& states_;
  prometheus::Family<prometheus::Gauge>& stalled_seconds_;
  std::mutex mutex_;
  std::vector<Watched> pools_;
};

}  // namespace penstock
