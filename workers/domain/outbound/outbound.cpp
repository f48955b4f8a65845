#include "workers/domain/outbound/outbound.h"

#include "common/crypto/crypto.h"

namespace penstock {

std::string outbound_id(std::string_view type, std::string_view cause) {
  constexpr std::string_view kUrls = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";  // RFC 9562 §6.6
  static const std::string outbound_ids = crypto::uuid_v5(kUrls, "penstock/outbound");
  std::string name(type);
  name.append(" ").append(cause);
  return crypto::uuid_v5(outbound_ids, name);
}

std::string cause_of(const Scope& scope, std::string_view id) {
  return scope == Scope{.livemode = true} ? std::string(id) : scope.key(id);
}

void enqueue_outbound(Effects& effects, std::string_view type, std::string_view cause, const EventKey& event,
                      std::string data) {
  enqueue_outbound(effects, Scope{}, type, cause, event, std::move(data));
}

void enqueue_outbound(Effects& effects, const Scope& scope, std::string_view type, std::string_view cause,
                      const EventKey& event, std::string data) {
  effects.add(OutboxRow{outbound_id(type, cause),
                        std::string(type),
                        std::string(name_of_org(scope.org)),
                        event,
                        std::move(data),
                        {},
                        {}});
}

void enqueue_for_app(Effects& effects, const std::string& app, std::string_view type, std::string_view cause,
                     const EventKey& event, std::string data) {
  const std::string id = outbound_id(type, "app:" + app + ":" + std::string(cause));
  effects.add(OutboxRow{id, std::string(type), std::string(kDefaultOrg), event, std::move(data), app, {}});
}

void raise_alert(Effects& effects, AlertText alert, const EventKey& event) {
  std::string id(alert.kind);
  id.append(":").append(alert.subject);
  if (!alert.occasion.empty()) id.append(":").append(alert.occasion);
  json::Writer data;
  data.begin_object()
      .key("id")
      .string(id)
      .key("kind")
      .string(alert.kind)
      .key("subject")
      .string(alert.subject);
  data.key("message").string(alert.message).key("event").string(event.value).end_object();
  enqueue_outbound(effects, "alert.raised", id, event, std::move(data).text());
  effects.add(
      Alert{id, std::string(alert.kind), std::move(alert.subject), std::move(alert.message), event, {}});
}

void raise_alert(Effects& effects, const Scope& scope, AlertText alert, const EventKey& event) {
  if (!scope.livemode) alert.message.insert(0, "Test mode: ");
  if (scope != Scope{.livemode = true}) alert.occasion = scope.name();
  raise_alert(effects, std::move(alert), event);
}

}  // namespace penstock
