#include "ingress/doors/stripe/event_summary.h"

#include "common/json/cursor.h"
#include "ingress/doors/event_time.h"

namespace penstock {
namespace {

constexpr std::size_t kTokenBytesMax = 255;

constexpr auto kToken =
    json::CharacterSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

std::string token_or_nothing(std::string_view raw, std::string_view also_allowed = {}) {
  std::string text(raw.size() <= kTokenBytesMax * 6 ? raw : std::string_view{});
  if (text.find('\\') != std::string::npos) text = json::unescape_ascii(text).value_or(std::string());
  if (text.size() > kTokenBytesMax) return {};
  for (const char c : text)
    if (!kToken.has(c) && also_allowed.find(c) == std::string_view::npos) return {};
  return text;
}

// Reads one event member by member. Each function consumes the value of the member it is named after.
class Scan {
 public:
  explicit Scan(std::string_view body) : cursor_(body) {}

  std::optional<EventSummary> event() {
    if (!cursor_.object([this](std::string_view name) { return event_member(name); }) || !cursor_.at_end())
      return std::nullopt;
    return std::move(found_);
  }

 private:
  bool event_member(std::string_view name) {
    if (name == "id") return token(found_.id);
    if (name == "type") return token(found_.type, "[]");
    if (name == "object") return token(found_.object);
    if (name == "account") return reference(found_.account);
    if (name == "created") return read_event_time(cursor_, found_.created);
    if (name == "livemode") return livemode();
    if (name == "data")
      return cursor_.members([this](std::string_view member) { return data_member(member); });
    return cursor_.value();
  }

  bool data_member(std::string_view name) {
    if (name != "object") return cursor_.value();
    return cursor_.members([this](std::string_view member) { return object_member(member); });
  }

  bool object_member(std::string_view name) {
    if (name == "id") return token(found_.object_id);
    if (name == "payment_intent") return reference(found_.payment_intent);
    if (name == "charge") return reference(found_.charge);
    if (name == "subscription") return reference(found_.subscription);
    if (name == "parent")
      return cursor_.members([this](std::string_view member) { return parent_member(member); });
    return cursor_.value();
  }

  bool parent_member(std::string_view name) {
    if (name != "subscription_details") return cursor_.value();
    return cursor_.members([this](std::string_view member) {
      return member == "subscription" ? reference(found_.subscription) : cursor_.value();
    });
  }

  bool token(std::string& into, std::string_view also_allowed = {}) {
    if (cursor_.peek() != '"') return cursor_.value();
    std::string_view raw;
    if (!cursor_.string(raw)) return false;
    into = token_or_nothing(raw, also_allowed);
    return true;
  }

  // An id, or an expanded object with one.
  bool reference(std::string& into) {
    if (cursor_.peek() != '{') return token(into);
    return cursor_.object(
        [&](std::string_view name) { return name == "id" ? token(into) : cursor_.value(); });
  }

  bool livemode() {
    if (cursor_.peek() != 't' && cursor_.peek() != 'f') return cursor_.value();
    std::string_view text;
    if (!cursor_.scalar(text)) return false;
    if (text == "true" || text == "false") found_.livemode = text == "true";
    return true;
  }

  json::Cursor cursor_;
  EventSummary found_;
};

}  // namespace

bool is_snapshot_event(const EventSummary& event) noexcept {
  return !event.id.empty() && !event.type.empty() && (event.object.empty() || event.object == "event");
}

std::optional<EventSummary> summarise(std::string_view body) { return Scan(body).event(); }

}  // namespace penstock
