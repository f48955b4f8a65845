#include "workers/deliveries/disable_config.h"

#include <algorithm>

#include "common/observe/log.h"
#include "workers/deliveries/endpoints.h"
#include "workers/domain/outbound/outbound.h"
#include "workers/runtime/batch.h"

namespace penstock {
namespace {

using registry::Values;
using registry::WebhookConfigs;

constexpr std::string_view kWho = "deliveries";

Status raise_gone(const SettingPorts& ports, std::string_view endpoint, std::string_view message) {
  const EventKey by = make_event_key("deliveries", endpoint);
  const auto decide = [&](const View&) -> Result<Effects> {
    Effects effects;
    raise_alert(effects,
                {"endpoint_gone", std::string(endpoint), std::string(message), to_rfc3339(ports.clock.now())},
                by);
    return effects;
  };
  const auto raised = carry_out(ports.store, ports.clock, {by, [](const View&, Reads&) {}, decide});
  return raised ? ok() : Status(raised.error());
}

// Errors: not_found, there is none that is enabled.
Result<std::optional<Values>> without(const std::optional<Values>& now, std::string_view id, Timestamp at) {
  if (!now) return Error{ErrorCode::not_found, {}};
  WebhookConfigs next = std::get<WebhookConfigs>(*now);
  const auto config =
      std::find_if(next.all.begin(), next.all.end(), [&](const auto& each) { return each.id == id; });
  if (config == next.all.end() || !config->enabled) return Error{ErrorCode::not_found, {}};
  config->enabled = false;
  config->updated_at = at;
  config->updated_by = kWho;
  return std::optional<Values>(std::move(next));
}

}  // namespace

Status disable_config(const SettingPorts& ports, std::string_view endpoint) {
  const auto config = config_of(endpoint);
  if (!config) return raise_gone(ports, endpoint, "The app's endpoint says that it is gone (410)");
  const std::string key = registry::make_key<WebhookConfigs>(config->org);
  const SettingChange change{key, std::string(kWho), "disable",
                             "/webhooks/configs/" + std::string(config->id),
                             R"({"enabled":false,"why":"410"})"};
  const auto stored = store_setting(ports, change, [&](const std::optional<Values>& now) {
    return without(now, config->id, ports.clock.now());
  });
  if (!stored) return stored.error().code == ErrorCode::not_found ? ok() : Status(stored.error());
  log::warn("webhook config disabled, its receiver says that it is gone", {{"endpoint", endpoint}});
  TRY_STATUS(raise_gone(ports, endpoint, "The receiver says that it is gone (410); the config was disabled"));
  // Where the log is away the admin's upkeep publishes it later.
  return publish_setting(ports, key);
}

}  // namespace penstock
