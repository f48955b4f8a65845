// The standard process_* metrics of Prometheus client libraries, from /proc/self
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <optional>
#include <string_view>
#include <vector>

namespace penstock {

// What /proc/PID/stat says, in the kernel's units (proc(5)).
struct ProcessStat {
  double cpu_ticks = 0;  // user and system
  double threads = 0;
  double start_ticks = 0;  // after boot
  double virtual_bytes = 0;
  double resident_pages = 0;
};
// nullopt for anything else. The command in it may hold blanks and parentheses.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// Reads when it is asked; what cannot be read is left out.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace penstock
