#include "common/json/writer.h"

#include <charconv>
#include <cstring>

namespace penstock::json {
namespace {

// Most objects are shorter: their text grows once.
constexpr std::size_t kUsualBytes = 240;

bool must_be_escaped(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Whether one of eight characters must be. The highest bit of a byte of (x - n) & ~x says that the byte is less than n, for
// n up to 0x80; a borrow may say so of the byte after one of which it is true.
bool must_be_escaped(const char* eight) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t text = 0;
  std::memcpy(&text, eight, sizeof text);
  const auto less = [](std::uint64_t x, std::uint64_t n) { return (x - kOnes * n) & ~x; };
  return ((less(text, 0x20) | less(text ^ kOnes * '"', 1) | less(text ^ kOnes * '\\', 1)) & kOnes * 0x80) !=
         0;
}

// Where the next character that must be escaped is, from `at`; the size where none is.
std::size_t find_escaped(std::string_view text, std::size_t at) noexcept {
  while (text.size() - at >= 8 && !must_be_escaped(text.data() + at)) at += 8;
  const bool only_the_end_is_left = text.size() >= 8 && text.size() - at < 8;
  if (only_the_end_is_left && !must_be_escaped(text.data() + text.size() - 8)) return text.size();
  while (at < text.size() && !must_be_escaped(text[at])) ++at;
  return at;
}

void append_escape(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  static constexpr std::string_view kShort = "\"\\\n\r\t\b\f", kLetters = "\"\\nrtbf";
  out += '\\';
  if (const auto at = kShort.find(c); at != std::string_view::npos) {
    out += kLetters[at];
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out.append("u00") += kHex[byte >> 4];
  out += kHex[byte & 15];
}

}  // namespace

void Writer::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

void Writer::quote(std::string_view value) {
  if (text_.capacity() < kUsualBytes) text_.reserve(kUsualBytes);
  text_ += '"';
  std::size_t written = 0;
  for (std::size_t at = find_escaped(value, 0); at < value.size(); at = find_escaped(value, written)) {
    text_.append(value, written, at - written);
    append_escape(text_, value[at]);
    written = at + 1;
  }
  text_.append(value, written) += '"';
}

Writer& Writer::begin_object() {
  separate();
  text_ += '{';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  text_ += '}';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  text_ += '[';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  text_ += ']';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::plain_key(std::string_view name) {
  if (text_.capacity() < kUsualBytes) text_.reserve(kUsualBytes);
  text_.append(needs_comma_ ? ",\"" : "\"").append(name).append("\":");
  needs_comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view value) {
  separate();
  quote(value);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  char digits[24];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, value);
  separate();
  text_.append(digits, end);
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  text_ += "null";
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

}  // namespace penstock::json
