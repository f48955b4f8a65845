// Described structs and enums (core/describe.h), optionals, vectors and string maps to JSON and back.
//
// decode() is strict: a missing member of non-optional type or a wrong kind is false, and the output is then
// unspecified. Unknown members are skipped.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "common/core/describe.h"
#include "common/core/ids.h"
#include "common/core/money.h"
#include "common/core/time.h"
#include "common/json/value.h"
#include "common/json/writer.h"

namespace penstock::json {

inline void encode(Writer& out, const std::string& value) { out.string(value); }
inline void encode(Writer& out, bool value) { out.boolean(value); }
inline void encode(Writer& out, std::int64_t value) { out.integer(value); }
inline void encode(Writer& out, MinorUnits value) { out.integer(value.value); }
inline void encode(Writer& out, MicroUnits value) { out.integer(value.value); }
inline void encode(Writer& out, const EventKey& value) { out.string(value.value); }
inline void encode(Writer& out, Timestamp value) { out.string(to_rfc3339(value)); }
void encode(Writer& out, DescribedEnum auto value) { out.string(penstock::to_string(value)); }
template <class T>
void encode(Writer& out, const std::optional<T>& value);
template <class T>
void encode(Writer& out, const std::vector<T>& values);
template <class T>
void encode(Writer& out, const std::map<std::string, T>& values);
template <Described T>
void encode(Writer& out, const T& value);

template <class T>
void encode(Writer& out, const std::optional<T>& value) {
  if (value)
    encode(out, *value);
  else
    out.null();
}
template <class T>
void encode(Writer& out, const std::vector<T>& values) {
  out.begin_array();
  for (const auto& value : values) encode(out, value);
  out.end_array();
}
template <class T>
void encode(Writer& out, const std::map<std::string, T>& values) {
  out.begin_object();
  for (const auto& [name, value] : values) {
    out.key(name);
    encode(out, value);
  }
  out.end_object();
}
// The members only, so that a caller can add its own to the same object.
template <Described T>
void encode_members(Writer& out, const T& value) {
  for_each_member<T>([&](auto each) {
    out.plain_key(each.name);
    encode(out, value.*each.pointer);
  });
}
template <Described T>
void encode(Writer& out, const T& value) {
  out.begin_object();
  encode_members(out, value);
  out.end_object();
}

inline bool decode(Value in, std::string& out) {
  const auto text = in.string();
  if (text) out = *text;
  return text.has_value();
}
inline bool decode(Value in, bool& out) {
  const auto value = in.boolean();
  if (value) out = *value;
  return value.has_value();
}
inline bool decode(Value in, std::int64_t& out) {
  const auto value = in.integer();
  if (value) out = *value;
  return value.has_value();
}
inline bool decode(Value in, MinorUnits& out) { return decode(in, out.value); }
inline bool decode(Value in, MicroUnits& out) { return decode(in, out.value); }
inline bool decode(Value in, EventKey& out) { return decode(in, out.value); }
inline bool decode(Value in, Timestamp& out) {
  const auto text = in.string();
  const auto at = text ? parse_rfc3339(*text) : std::nullopt;
  if (at) out = *at;
  return at.has_value();
}
bool decode(Value in, DescribedEnum auto& out) {
  const auto text = in.string();
  return text && from_string(*text, out);
}
template <class T>
bool decode(Value in, std::optional<T>& out);
template <class T>
bool decode(Value in, std::vector<T>& out);
template <class T>
bool decode(Value in, std::map<std::string, T>& out);
template <Described T>
bool decode(Value in, T& out);

template <class T>
bool decode(Value in, std::optional<T>& out) {
  out.reset();
  return in.missing() || decode(in, out.emplace());
}
template <class T>
bool decode(Value in, std::vector<T>& out) {
  if (!in.is_array()) return false;
  out.clear();
  for (Value v = in.first(); !v.absent(); v = in.next(v))
    if (!decode(v, out.emplace_back())) return false;
  return true;
}
template <class T>
bool decode(Value in, std::map<std::string, T>& out) {
  if (!in.is_object()) return false;
  out.clear();
  for (Value v = in.first(); !v.absent(); v = in.next(v))
    if (!decode(v, out[std::string(v.key())])) return false;
  return true;
}
template <Described T>
bool decode(Value in, T& out) {
  if (!in.is_object()) return false;
  bool good = true;
  for_each_member<T>([&](auto each) { good = good && decode(in[each.name], out.*each.pointer); });
  return good;
}

template <class T>
std::string to_text(const T& value) {
  Writer out;
  encode(out, value);
  return std::move(out).text();
}

}  // namespace penstock::json
