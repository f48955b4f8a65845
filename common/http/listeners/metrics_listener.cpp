#include "common/http/listeners/metrics_listener.h"

namespace penstock {
namespace {

constexpr Milliseconds kDrainDeadline{1'000};

}  // namespace

MetricsListener::MetricsListener(const Settings& settings, Readiness& readiness, Metrics& metrics)
    : probes_({.serve_metrics = true, .name_causes = true}, readiness, metrics),
      server_(metrics_server_options(settings), probes_.routes(), metrics) {}

MetricsListener::~MetricsListener() { server_.stop(kDrainDeadline); }

Status MetricsListener::start() { return start_listener(server_, "metrics"); }

}  // namespace penstock
