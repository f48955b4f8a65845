#include "ingress/doors/stripe/event_summary.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace penstock {
namespace {

constexpr std::size_t kTokenBytesMax = 255;

constexpr std::array<bool, 256> character_set(std::string_view characters) {
  std::array<bool, 256> set{};
  for (const char c : characters) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr auto kSpace = character_set(" \t\r\n");
constexpr auto kEndsScalar = character_set(" \t\r\n,:\"{}[]");
constexpr auto kToken = character_set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

bool is(const std::array<bool, 256>& set, char c) noexcept { return set[static_cast<unsigned char>(c)]; }

// The first of those characters, or `end`. Most of a body is passed over here, so sixteen characters at a time.
template <char... kWanted>
const char* find_any(const char* at, const char* end) noexcept {
  using Block = char __attribute__((vector_size(16)));
  static_assert(std::endian::native == std::endian::little);
  for (; end - at >= 16; at += 16) {
    Block block;
    std::memcpy(&block, at, sizeof block);
    const auto found = ((block == kWanted) | ...);
    std::uint64_t halves[2];
    std::memcpy(halves, &found, sizeof halves);
    if (halves[0] != 0) return at + std::countr_zero(halves[0]) / 8;
    if (halves[1] != 0) return at + 8 + std::countr_zero(halves[1]) / 8;
  }
  while (at != end && ((*at != kWanted) && ...)) ++at;
  return at;
}

// The few escapes that stand for a character a token may have; nullopt for any other.
std::optional<std::string> unescape(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text += raw[i];
      continue;
    }
    unsigned code = 0;
    if (i + 5 >= raw.size() || raw[i + 1] != 'u') return std::nullopt;
    const auto [end, error] = std::from_chars(&raw[i + 2], &raw[i + 2] + 4, code, 16);
    if (error != std::errc{} || end != &raw[i + 2] + 4 || code > 0x7F) return std::nullopt;
    text += static_cast<char>(code);
    i += 5;
  }
  return text;
}

// A position in a JSON text. Every function consumes what it is named after and
// is false when that is not there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // The next character that matters; NUL at the end.
  char peek() noexcept {
    const char* at = at_;
    while (at != end_ && is(kSpace, *at)) ++at;
    at_ = at;
    return at == end_ ? '\0' : *at;
  }
  bool at_end() noexcept { return peek() == '\0' && at_ == end_; }

  bool character(char expected) noexcept {
    if (peek() != expected || at_ == end_) return false;
    ++at_;
    return true;
  }

  // What stands between the quotes, as it stands there.
  bool string(std::string_view& raw) noexcept {
    if (!character('"')) return false;
    const char* const first = at_;
    escaped_ = false;
    for (;;) {
      at_ = find_any<'"', '\\'>(at_, end_);
      if (at_ == end_) return false;
      if (*at_ == '"') break;
      escaped_ = true;
      if (++at_ == end_) return false;
      ++at_;
    }
    raw = {first, static_cast<std::size_t>(at_++ - first)};
    return true;
  }

  bool scalar(std::string_view& text) noexcept {
    peek();
    const char* const first = at_;
    while (at_ != end_ && !is(kEndsScalar, *at_)) ++at_;
    text = {first, static_cast<std::size_t>(at_ - first)};
    return !text.empty();
  }

  // One value of any kind, however deep.
  bool value() noexcept {
    std::string_view ignored;
    const char first = peek();
    if (first == '"') return string(ignored);
    if (first != '{' && first != '[') return scalar(ignored);
    std::size_t depth = 0;
    do {
      at_ = find_any<'"', '{', '}', '[', ']'>(at_, end_);
      if (at_ == end_) return false;
      if (*at_ == '"') {
        if (!string(ignored)) return false;
        continue;
      }
      depth += *at_ == '{' || *at_ == '[' ? 1U : 0U;
      depth -= *at_ == '}' || *at_ == ']' ? 1U : 0U;
      ++at_;
    } while (depth > 0);
    return true;
  }

  // An object; `member(name)` must consume the member's value.
  template <class Member>
  bool object(Member&& member) {
    if (!character('{')) return false;
    if (character('}')) return true;
    do {
      std::string_view name;
      std::string unescaped;
      if (!string(name)) return false;
      if (escaped_) name = unescaped = unescape(name).value_or("\\");  // no member we know
      if (!character(':') || !member(name)) return false;
    } while (character(','));
    return character('}');
  }

 private:
  const char* at_;
  const char* end_;
  bool escaped_ = false;  // the string that was consumed last
};

std::string token_or_nothing(std::string_view raw, std::string_view also_allowed = {}) {
  std::string text(raw.size() <= kTokenBytesMax * 6 ? raw : std::string_view{});
  if (text.find('\\') != std::string::npos) text = unescape(text).value_or(std::string());
  if (text.size() > kTokenBytesMax) return {};
  for (const char c : text)
    if (!is(kToken, c) && also_allowed.find(c) == std::string_view::npos) return {};
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
    if (name == "created") return created();
    if (name == "livemode") return livemode();
    if (name == "data") return nested([this](std::string_view member) { return data_member(member); });
    return cursor_.value();
  }

  bool data_member(std::string_view name) {
    if (name != "object") return cursor_.value();
    return nested([this](std::string_view member) { return object_member(member); });
  }

  bool object_member(std::string_view name) {
    if (name == "id") return token(found_.object_id);
    if (name == "payment_intent") return reference(found_.payment_intent);
    if (name == "charge") return reference(found_.charge);
    if (name == "subscription") return reference(found_.subscription);
    if (name == "parent") return nested([this](std::string_view member) { return parent_member(member); });
    return cursor_.value();
  }

  bool parent_member(std::string_view name) {
    if (name != "subscription_details") return cursor_.value();
    return nested([this](std::string_view member) {
      return member == "subscription" ? reference(found_.subscription) : cursor_.value();
    });
  }

  // The members of an object; a value of another kind is passed over.
  template <class Member>
  bool nested(Member&& member) {
    return cursor_.peek() == '{' ? cursor_.object(member) : cursor_.value();
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

  // Unix seconds, or RFC 3339 in a thin event.
  bool created() {
    std::string_view text;
    if (cursor_.peek() == '"') {
      if (!cursor_.string(text)) return false;
      found_.created = parse_rfc3339(text);
      return true;
    }
    if (cursor_.peek() == '{' || cursor_.peek() == '[') return cursor_.value();
    if (!cursor_.scalar(text)) return false;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size())
      found_.created = timestamp_from_unix_seconds(seconds);
    return true;
  }

  bool livemode() {
    if (cursor_.peek() != 't' && cursor_.peek() != 'f') return cursor_.value();
    std::string_view text;
    if (!cursor_.scalar(text)) return false;
    if (text == "true" || text == "false") found_.livemode = text == "true";
    return true;
  }

  Cursor cursor_;
  EventSummary found_;
};

}  // namespace

std::optional<EventSummary> summarise(std::string_view body) { return Scan(body).event(); }

}  // namespace penstock
