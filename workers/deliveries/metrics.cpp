#include "workers/deliveries/metrics.h"

namespace penstock {
namespace {

prometheus::Family<prometheus::Counter>& counter(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry());
}

prometheus::Gauge& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry()).Add({});
}

}  // namespace

DeliveryMetrics::DeliveryMetrics(Metrics& metrics)
    : published_(counter(metrics, "penstock_outbound_events_published_total",
                         "Outbound events that were given their place in the feed")
                     .Add({})),
      failed_(counter(metrics, "penstock_deliveries_failed_total", "Deliveries that have failed for good")
                  .Add({})),
      endpoints_(gauge(metrics, "penstock_delivery_endpoints", "Endpoints that this worker has on lease")),
      in_flight_(
          gauge(metrics, "penstock_deliveries_in_flight", "Requests to endpoints that are under way")) {
  auto& attempts =
      counter(metrics, "penstock_delivery_attempts_total", "Requests to endpoints, by what came of them");
  for (const auto& [verdict, word] : words_of(Verdict{}))
    attempts_.emplace(verdict, &attempts.Add({{"result", std::string(word)}}));
}

void DeliveryMetrics::holds(std::size_t endpoints, std::size_t in_flight) {
  endpoints_.Set(static_cast<double>(endpoints));
  in_flight_.Set(static_cast<double>(in_flight));
}

}  // namespace penstock
