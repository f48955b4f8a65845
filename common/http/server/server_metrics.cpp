#include "common/http/server/server_metrics.h"

namespace penstock::http {

ServerMetrics::ServerMetrics(Metrics& metrics, const std::string& prefix, const std::vector<Route>& routes)
    : connections_(prometheus::BuildGauge()
                       .Name(prefix + "_connections")
                       .Help("Open connections")
                       .Register(metrics.registry())
                       .Add({})) {
  auto& requests = prometheus::BuildCounter()
                       .Name(prefix + "_requests_total")
                       .Help("Answered requests by route and outcome")
                       .Register(metrics.registry());
  for (const auto& route : routes) {
    const auto counter = [&](const char* outcome) {
      return &requests.Add({{"route", std::string(route.name)}, {"outcome", outcome}});
    };
    routes_.push_back({counter("ok"), counter("refused"), counter("failed")});
  }
  auto& refused = prometheus::BuildCounter()
                      .Name(prefix + "_refused_total")
                      .Help("Requests and connections that were turned away, by reason")
                      .Register(metrics.registry());
  for (std::size_t i = 0; i < kRefusals; ++i)
    refused_[i] = &refused.Add({{"reason", std::string(to_string(static_cast<Refusal>(i)))}});
}

void ServerMetrics::answered(std::size_t route, int status) noexcept {
  const auto& outcomes = routes_[route];
  auto* counter = status < 400 ? outcomes.ok : status < 500 ? outcomes.refused : outcomes.failed;
  counter->Increment();
}

}  // namespace penstock::http
