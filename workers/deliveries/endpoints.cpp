#include "workers/deliveries/endpoints.h"

#include <algorithm>

#include "common/workflows/workflow.h"
#include "workers/deliveries/pacing.h"

namespace penstock {
namespace {

using registry::App;
using registry::Snapshot;
using registry::WebhookConfig;
using registry::WebhookConfigs;

constexpr std::string_view kConfig = "config/";
constexpr std::string_view kApp = "app/";
constexpr std::size_t kAppConcurrency = 8;

template <class Value>
const Value* value_of(const Snapshot& settings, std::string_view id) {
  const auto* entry = settings.find<Value>(id);
  return entry == nullptr ? nullptr : entry->value.get();
}

std::vector<std::string> secrets_now(const WebhookConfig& config, Timestamp now) {
  std::vector<std::string> secrets;
  for (const auto& each : config.secrets)
    if (!each.until || now < *each.until) secrets.push_back(each.secret);
  return secrets;
}

std::optional<EndpointTerms> config_terms(const Snapshot& settings, const ConfigName& name, Timestamp now) {
  const auto* configs = value_of<WebhookConfigs>(settings, name.org);
  if (configs == nullptr) return std::nullopt;
  const auto found = std::find_if(configs->all.begin(), configs->all.end(),
                                  [&](const WebhookConfig& each) { return each.id == name.id; });
  if (found == configs->all.end() || !found->enabled) return std::nullopt;
  return terms_of(*found, now);
}

std::optional<EndpointTerms> app_terms(const Snapshot& settings, std::string_view slug) {
  const auto* app = value_of<App>(settings, slug);
  if (app == nullptr || !app->enabled) return std::nullopt;
  return EndpointTerms{app->url, {app->secret}, kAppConcurrency, std::nullopt};
}

}  // namespace

std::string config_endpoint(std::string_view org, std::string_view id) {
  return std::string(kConfig).append(org).append("/").append(id);
}

std::string app_endpoint(std::string_view slug) { return std::string(kApp).append(slug); }

std::optional<ConfigName> config_of(std::string_view endpoint) noexcept {
  if (!endpoint.starts_with(kConfig)) return std::nullopt;
  endpoint.remove_prefix(kConfig.size());
  const auto slash = endpoint.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return ConfigName{endpoint.substr(0, slash), endpoint.substr(slash + 1)};
}

std::vector<std::string> endpoints_of(const Snapshot& settings, std::string_view org, std::string_view type,
                                      const std::optional<std::string>& app) {
  if (app) return {app_endpoint(*app)};
  std::vector<std::string> endpoints;
  const auto* configs = value_of<WebhookConfigs>(settings, org);
  if (configs == nullptr) return endpoints;
  for (const auto& config : configs->all)
    if (config.enabled && is_subscribed(config.event_types, type))
      endpoints.push_back(config_endpoint(org, config.id));
  return endpoints;
}

EndpointTerms terms_of(const WebhookConfig& config, Timestamp now) {
  return {config.url, secrets_now(config, now), static_cast<std::size_t>(config.concurrency), config.rate};
}

std::optional<EndpointTerms> terms_of(const Snapshot& settings, std::string_view endpoint, Timestamp now) {
  if (const auto config = config_of(endpoint)) return config_terms(settings, *config, now);
  if (endpoint.starts_with(kApp)) return app_terms(settings, endpoint.substr(kApp.size()));
  return std::nullopt;
}

void wake(DeliveryEndpoint& endpoint, Timestamp now) noexcept {
  if (endpoint.leased_by) return;
  const Timestamp at = Breaker::is_open(endpoint, now) ? *endpoint.open_until : now;
  endpoint.due_at = std::min(endpoint.due_at.value_or(at), at);
}

}  // namespace penstock
