// Builds one compact JSON text. Calls must nest as JSON does; strings must be valid UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::json {

class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  // One of which no character must be escaped, as in the names of members.
  Writer& plain_key(std::string_view name);
  Writer& string(std::string_view value);
  Writer& integer(std::int64_t value);
  Writer& boolean(bool value);
  Writer& null();
  // Inserts text that is already one JSON value.
  Writer& raw(std::string_view json);

  const std::string& text() const& noexcept { return text_; }
  std::string text() && noexcept { return std::move(text_); }

 private:
  void separate();
  void quote(std::string_view value);

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace penstock::json
