// The private listener of a process that has no other: probes and metrics.
#pragma once

#include "common/http/listeners/listeners.h"
#include "common/http/probes/probes.h"

namespace penstock {

// Serves from start() until it is destroyed. The readiness and the metrics must outlive it.
class MetricsListener {
 public:
  MetricsListener(const Settings& settings, Readiness& readiness, Metrics& metrics);
  ~MetricsListener();

  // Logs its address, or why it cannot listen.
  Status start();

 private:
  Probes probes_;
  http::HttpServer server_;
};

}  // namespace penstock
