#include "workers/sources/reader.h"

#include <algorithm>

namespace penstock {
namespace {

// What a key of the store's indexes may be; Stripe's ids are far shorter.
constexpr std::size_t kIdBytesMax = 255;
constexpr std::size_t kShortBytesMax = 255;

}  // namespace

Reader::Reader(json::Value object, std::string path) : object_(object), path_(std::move(path)) {
  if (!object_.is_object()) problem_ = path_ + " is no object";
}

void Reader::refuse(std::string_view name, std::string_view why) {
  if (problem_) return;
  problem_ = path_;
  problem_->append(".").append(name).append(" ").append(why);
}

// The member when it is of that kind; absent (and a problem, unless missing) otherwise.
json::Value Reader::member(std::string_view name, json::Kind kind) {
  const json::Value value = object_[name];
  if (value.missing()) return {};
  if (value.kind() == kind) return value;
  refuse(name, "is " + std::string(to_string(value.kind())) + ", not " + std::string(to_string(kind)));
  return {};
}

std::string Reader::text(std::string_view name) {
  auto value = optional_text(name);
  if (!value || value->empty()) refuse(name, "is missing");
  return value.value_or("");
}

std::string Reader::id(std::string_view name) {
  auto value = text(name);
  if (value.size() > kIdBytesMax) refuse(name, "is longer than an id");
  return value;
}

std::int64_t Reader::integer(std::string_view name) {
  const auto value = optional_integer(name);
  if (!value) refuse(name, "is missing");
  return value.value_or(0);
}

Timestamp Reader::seconds(std::string_view name) {
  const auto value = optional_seconds(name);
  if (!value) refuse(name, "is missing");
  return value.value_or(Timestamp{});
}

MinorUnits Reader::amount(std::string_view name) {
  const auto value = optional_amount(name);
  if (!value) refuse(name, "is missing");
  return value.value_or(MinorUnits{});
}

std::string Reader::currency(std::string_view name) {
  const auto value = optional_currency(name);
  if (!value) refuse(name, "is missing");
  return value.value_or("");
}

std::optional<std::string> Reader::optional_text(std::string_view name) {
  const auto value = member(name, json::Kind::string).string();
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<std::string> Reader::optional_short_text(std::string_view name) {
  auto value = optional_text(name);
  if (value && value->size() > kShortBytesMax) refuse(name, "is longer than 255 bytes");
  return value && value->empty() ? std::nullopt : value;
}

std::optional<std::int64_t> Reader::optional_integer(std::string_view name) {
  const json::Value value = member(name, json::Kind::number);
  if (value.absent()) return std::nullopt;
  const auto integer = value.integer();
  if (!integer) refuse(name, "is no integer of 64 bits");
  return integer;
}

std::optional<MinorUnits> Reader::optional_amount(std::string_view name) {
  const auto amount = optional_integer(name);
  if (!amount) return std::nullopt;
  if (*amount < 0) refuse(name, "is negative");
  return MinorUnits{*amount};
}

std::optional<bool> Reader::optional_boolean(std::string_view name) {
  return member(name, json::Kind::boolean).boolean();
}

std::optional<Timestamp> Reader::optional_seconds(std::string_view name) {
  const auto unix_seconds = optional_integer(name);
  if (!unix_seconds) return std::nullopt;
  const auto at = timestamp_from_unix_seconds(*unix_seconds);
  if (!at) refuse(name, "is outside the years 1 to 9999");
  return at;
}

std::optional<Timestamp> Reader::optional_time(std::string_view name) {
  if (object_[name].kind() == json::Kind::number) return optional_seconds(name);
  const auto text = optional_text(name);
  const auto at = text ? parse_rfc3339(*text) : std::nullopt;
  if (text && !at) refuse(name, "is neither an RFC 3339 time nor Unix seconds");
  return at;
}

std::optional<std::string> Reader::optional_reference(std::string_view name) {
  const json::Value value = object_[name];
  if (value.missing()) return std::nullopt;
  const auto id = value.is_object() ? value["id"].string() : value.string();
  if (!id || id->empty())
    refuse(name, "is neither an id nor an object that has one");
  else if (id->size() > kIdBytesMax)
    refuse(name, "is longer than an id");
  return id ? std::optional<std::string>(*id) : std::nullopt;
}

std::optional<std::string> Reader::optional_currency(std::string_view name) {
  auto code = optional_text(name);
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (code && (code->size() != 3 || !std::all_of(code->begin(), code->end(), letter)))
    refuse(name, "is no lower-case ISO code");
  return code;
}

std::map<std::string, std::string> Reader::metadata() {
  std::map<std::string, std::string> values;
  const json::Value object = member("metadata", json::Kind::object);
  for (json::Value v = object.first(); !v.absent(); v = object.next(v)) {
    const auto text = v.string();
    if (text)
      values.emplace(v.key(), *text);
    else if (!v.is_null())
      refuse("metadata", "holds a value that is no string");
  }
  return values;
}

std::vector<std::string> Reader::texts(std::string_view name) {
  std::vector<std::string> values;
  const json::Value array = member(name, json::Kind::array);
  for (json::Value v = array.first(); !v.absent(); v = array.next(v)) {
    const auto text = v.string();
    if (text)
      values.emplace_back(*text);
    else
      refuse(name, "holds an element that is no string");
  }
  return values;
}

std::optional<Error> Reader::problem() const {
  if (!problem_) return std::nullopt;
  return Error{ErrorCode::invalid, "wrong_shape: " + *problem_};
}

}  // namespace penstock
