// GET /healthz, /readyz and /metrics: for whoever watches the processes.
#pragma once

#include <memory>
#include <vector>

#include "common/http/probes/readiness.h"
#include "common/http/server/server.h"
#include "common/observe/metrics.h"

namespace penstock {

// The public listener's are the defaults.
struct ProbeOptions {
  bool serve_metrics = false;  // GET /metrics
  bool name_causes = false;    // /readyz says addresses and errors, not only which part is away
};

// /healthz: the process serves. /readyz: what it needs is there, else 503 with all that is away. The
// readiness and the metrics must outlive this, and this the server that has its routes.
class Probes {
 public:
  Probes(ProbeOptions options, Readiness& readiness, const Metrics& metrics);
  // Waits for the answers in the making.
  ~Probes();
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  std::vector<http::Route> routes();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock
