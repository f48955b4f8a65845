#include "common/json/writer.h"

#include <charconv>

namespace penstock::json {
namespace {

bool must_be_escaped(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
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
  text_ += '"';
  std::size_t written = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (!must_be_escaped(value[at])) continue;
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
