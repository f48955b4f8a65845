#include "ingress/doors/partners/partner_record.h"

#include <optional>

#include "common/json/value.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "partner";
constexpr std::size_t kTokenBytesMax = 255;

// What routing looks at, each empty where the body does not have it.
struct PartnerSummary {
  std::string id;
  std::string type;
  std::string object;  // the id of what it is about
  std::optional<Timestamp> created;
};

std::string token(json::Value value) {
  const auto text = value.string();
  return text && !text->empty() && text->size() <= kTokenBytesMax ? std::string(*text) : std::string();
}

std::optional<Timestamp> time(json::Value value) {
  if (const auto text = value.string()) return parse_rfc3339(*text);
  const auto seconds = value.integer();
  return seconds ? timestamp_from_unix_seconds(*seconds) : std::nullopt;
}

PartnerSummary summarise(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return {};
  const auto root = document.value().root();
  return {token(root["id"]), token(root["type"]), token(root["data"]["id"]), time(root["created"])};
}

Headers headers_of(PartnerSummary event, const PartnerOrigin& origin, Timestamp received_at) {
  Headers headers;
  headers.reserve(8);
  headers.emplace_back("ce_specversion", "1.0");
  headers.emplace_back("ce_id", std::move(event.id));
  headers.emplace_back("ce_type", event.type.empty() ? "unknown" : std::move(event.type));
  headers.emplace_back("ce_source", std::string(kSource).append("/").append(origin.partner));
  if (event.created) headers.emplace_back("ce_time", to_rfc3339(*event.created));
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("ps_receivedat", to_rfc3339(received_at));
  headers.emplace_back("ps_org", origin.org);
  return headers;
}

}  // namespace

Record partner_record(const PartnerOrigin& origin, std::string body, const Catalogue& catalogue,
                      Timestamp received_at, std::string (*fallback_id)(Timestamp)) {
  PartnerSummary event = summarise(body);
  const bool is_event = !event.id.empty() && !event.type.empty();
  if (event.id.empty()) event.id = fallback_id(received_at);
  Record record;
  record.topic = is_event ? catalogue.route(kSource, event.type).topic : std::string(kUnroutedTopic);
  record.key = is_event && !event.object.empty() ? event.object : event.id;
  record.value = std::move(body);
  record.headers = headers_of(std::move(event), origin, received_at);
  return record;
}

}  // namespace penstock
