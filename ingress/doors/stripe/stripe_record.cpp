#include "ingress/doors/stripe/stripe_record.h"

#include "ingress/doors/stripe/event_summary.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "stripe";

std::string first_of(std::initializer_list<std::string_view> candidates) {
  for (const auto candidate : candidates)
    if (!candidate.empty()) return std::string(candidate);
  return {};
}

std::string key_of(KeyRule rule, const EventSummary& event, std::string_view event_id) {
  switch (rule) {
    case KeyRule::payment:
      return first_of({event.payment_intent, event.charge, event.object_id, event_id});
    case KeyRule::subscription:
      return first_of({event.subscription, event.object_id, event_id});
    case KeyRule::object:
      return first_of({event.object_id, event_id});
    case KeyRule::event:
      return std::string(event_id);
  }
  return std::string(event_id);
}

}  // namespace

Headers stripe_headers(EventSummary event, std::string_view source, Timestamp received_at) {
  Headers headers;
  headers.reserve(11);  // two more than its own, for those who add to them
  headers.emplace_back("ce_specversion", "1.0");
  headers.emplace_back("ce_id", std::move(event.id));
  headers.emplace_back("ce_type", event.type.empty() ? "unknown" : std::move(event.type));
  headers.emplace_back("ce_source", source);
  if (event.created) headers.emplace_back("ce_time", to_rfc3339(*event.created));
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("ps_receivedat", to_rfc3339(received_at));
  if (!event.account.empty()) headers.emplace_back("ps_account", std::move(event.account));
  if (event.livemode) headers.emplace_back("ps_livemode", *event.livemode ? "true" : "false");
  return headers;
}

Record stripe_record(std::string body, const Catalogue& catalogue, Timestamp received_at,
                     std::string (*fallback_id)(Timestamp)) {
  auto event = summarise(body).value_or(EventSummary{});
  const bool is_event = is_snapshot_event(event);
  if (event.id.empty()) event.id = fallback_id(received_at);
  Record record;
  record.topic = kUnroutedTopic;
  record.key = event.id;
  if (is_event) {
    const auto& route = catalogue.route(kSource, event.type);
    record.topic = route.topic;
    record.key = key_of(route.key, event, event.id);
  }
  record.value = std::move(body);
  record.headers = stripe_headers(std::move(event), kSource, received_at);
  return record;
}

}  // namespace penstock
