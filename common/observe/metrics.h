// The metrics of one process. Each module registers its own families once and keeps references to them;
// updating a metric is lock-free or nearly so and may be done from any thread.
#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "common/observe/process_metrics.h"

namespace penstock {

// Beside theirs there are penstock_build_info and process_*.
class Metrics {
 public:
  Metrics();

  // Lives as long as this object.
  prometheus::Registry& registry() const noexcept { return *registry_; }

  // The Prometheus text exposition format, version 0.0.4.
  std::string exposition() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  ProcessMetrics process_;
};

}  // namespace penstock
