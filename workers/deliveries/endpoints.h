// Who is told of an outbound event, and how each is reached. Pure, over the settings of one moment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/registry/table.h"
#include "workers/domain/state/event_rows.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

// How an endpoint is reached now.
struct EndpointTerms {
  std::string url;
  std::vector<std::string> secrets;  // that sign now, the newest first
  std::size_t concurrency = 1;
  std::optional<std::int64_t> rate;  // events a second
};

// "config/<org>/<id>" and "app/<slug>": DeliveryEndpoint::id.
std::string config_endpoint(std::string_view org, std::string_view id);
std::string app_endpoint(std::string_view slug);

// Views of the endpoint's name.
struct ConfigName {
  std::string_view org;
  std::string_view id;
};
// nullopt: it is an app's.
std::optional<ConfigName> config_of(std::string_view endpoint) noexcept;

// The endpoints of an event's deliveries: each enabled config of the org whose patterns say its type; of an event for one app that
// app's alone.
std::vector<std::string> endpoints_of(const registry::Snapshot& settings, std::string_view org,
                                      std::string_view type, const std::optional<std::string>& app);

EndpointTerms terms_of(const registry::WebhookConfig& config, Timestamp now);
// nullopt: it is no longer there, or disabled. What is pending waits then.
std::optional<EndpointTerms> terms_of(const registry::Snapshot& settings, std::string_view endpoint,
                                      Timestamp now);

// Makes an endpoint due, now or when its circuit breaker lets through again. Of one that is leased its revision alone, which every
// writer counts up, tells that there may be more.
void wake(DeliveryEndpoint& endpoint, Timestamp now) noexcept;

}  // namespace penstock
