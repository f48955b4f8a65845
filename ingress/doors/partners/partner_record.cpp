#include "ingress/doors/partners/partner_record.h"

#include <optional>

#include "common/core/utf8.h"
#include "common/json/cursor.h"
#include "common/json/value.h"
#include "ingress/doors/event_time.h"

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

// What may stand in a header and be a key: UTF-8 of 255 bytes at most. Escapes are rare, and the parser's to read.
std::string token(std::string_view raw) {
  std::string text(raw);
  if (raw.find('\\') != std::string_view::npos) {
    const auto quoted = json::Document::parse("\"" + text + "\"");
    text = quoted ? std::string(*quoted.value().root().string()) : std::string();
  }
  return text.size() <= kTokenBytesMax && is_utf8(text) ? text : std::string();
}

// Reads one event member by member; each function consumes a member's value. Of a repeated one the last counts. The
// worker does the strict parse.
class Scan {
 public:
  explicit Scan(std::string_view body) : cursor_(body) {}

  PartnerSummary event() {
    const bool whole = cursor_.object([this](std::string_view name) { return event_member(name); });
    return whole && cursor_.at_end() ? std::move(found_) : PartnerSummary{};
  }

 private:
  bool event_member(std::string_view name) {
    if (name == "id") return text(found_.id);
    if (name == "type") return text(found_.type);
    if (name == "created") return read_event_time(cursor_, found_.created);
    if (name != "data") return cursor_.value();
    return cursor_.members(
        [this](std::string_view member) { return member == "id" ? text(found_.object) : cursor_.value(); });
  }

  bool text(std::string& into) {
    std::string_view raw;
    into.clear();
    if (cursor_.peek() != '"') return cursor_.value();
    if (!cursor_.string(raw)) return false;
    into = token(raw);
    return true;
  }

  json::Cursor cursor_;
  PartnerSummary found_;
};

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
  PartnerSummary event = Scan(body).event();
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
