#include "common/json/cursor.h"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace penstock::json {
namespace {

constexpr CharacterSet kEndsScalar(" \t\r\n,:\"{}[]");

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

}  // namespace

std::optional<std::string> unescape_ascii(std::string_view raw) {
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

bool Cursor::string(std::string_view& raw) noexcept {
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

bool Cursor::scalar(std::string_view& text) noexcept {
  peek();
  const char* const first = at_;
  while (at_ != end_ && !kEndsScalar.has(*at_)) ++at_;
  text = {first, static_cast<std::size_t>(at_ - first)};
  return !text.empty();
}

bool Cursor::value() noexcept {
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

bool Cursor::value(std::string_view& text) noexcept {
  peek();
  const char* const first = at_;
  if (!value()) return false;
  text = {first, static_cast<std::size_t>(at_ - first)};
  return true;
}

std::optional<std::string_view> member_text(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  Cursor cursor(object);
  const bool read = cursor.object([&](std::string_view each) {
    std::string_view text;
    if (!cursor.value(text)) return false;
    if (each == name) found = text;
    return true;
  });
  return read ? found : std::nullopt;
}

}  // namespace penstock::json
