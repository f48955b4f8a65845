#include "ingress/fields/body_reader.h"

#include <algorithm>

namespace penstock {

BodyReader::BodyReader(const http::Request& request)
    : is_json_type_(http::is_media_type(request.header("Content-Type").value_or(""), "application/json")) {
  auto parsed = json::Document::parse(request.body);
  if (parsed)
    document_ = std::move(parsed).value();
  else
    problems_.refuse_whole(parsed.error().detail);
  if (!document_.root().is_object()) problems_.refuse_whole("must be a JSON object");
}

json::Value BodyReader::member(std::string_view name) {
  known_.emplace_back(name);
  return document_.root()[name];
}

std::string BodyReader::id(std::string_view name) {
  auto value = optional_id(name);
  if (!value) problems_.refuse(name, "is required");
  return std::move(value).value_or(std::string());
}

std::optional<std::string> BodyReader::optional_id(std::string_view name) {
  return optional_text(name, kIdBytesMax);
}

std::optional<std::string> BodyReader::optional_text(std::string_view name, std::size_t bytes_max) {
  const auto given = member(name);
  if (given.missing()) return std::nullopt;
  const auto text = given.string();
  if (text && !text->empty() && text->size() <= bytes_max) return std::string(*text);
  problems_.refuse(name, "must be a string of 1 to " + std::to_string(bytes_max) + " bytes");
  return std::nullopt;
}

std::optional<std::vector<std::string>> BodyReader::optional_texts(std::string_view name,
                                                                   std::size_t count_max,
                                                                   std::size_t bytes_max) {
  const auto given = member(name);
  if (given.missing()) return std::nullopt;
  std::vector<std::string> texts;
  bool good = given.is_array() && given.size() >= 1 && given.size() <= count_max;
  for (auto each = given.first(); good && !each.absent(); each = given.next(each)) {
    const auto text = each.string();
    good = text && !text->empty() && text->size() <= bytes_max;
    if (good) texts.emplace_back(*text);
  }
  if (good) return texts;
  problems_.refuse(name, "must be a list of 1 to " + std::to_string(count_max) + " strings of 1 to " +
                             std::to_string(bytes_max) + " bytes");
  return std::nullopt;
}

json::Value BodyReader::objects(std::string_view name, std::size_t count_max) {
  const auto given = member(name);
  bool good = given.is_array() && given.size() >= 1 && given.size() <= count_max;
  for (auto each = given.first(); good && !each.absent(); each = given.next(each)) good = each.is_object();
  if (good) return given;
  problems_.refuse(name, "must be a list of 1 to " + std::to_string(count_max) + " objects");
  return {};
}

json::Value BodyReader::object(std::string_view name) {
  const auto given = member(name);
  if (given.is_object()) return given;
  problems_.refuse(name, given.absent() ? "is required" : "must be an object");
  return {};
}

std::optional<std::int64_t> BodyReader::optional_integer(std::string_view name) {
  const auto given = member(name);
  if (given.missing()) return std::nullopt;
  const auto value = given.integer();
  if (!value) problems_.refuse(name, "must be a whole number");
  return value;
}

std::optional<bool> BodyReader::optional_boolean(std::string_view name) {
  const auto given = member(name);
  if (given.missing()) return std::nullopt;
  const auto value = given.boolean();
  if (!value) problems_.refuse(name, "must be true or false");
  return value;
}

std::optional<std::string> BodyReader::optional_currency(std::string_view name) {
  const auto given = member(name);
  if (given.missing()) return std::nullopt;
  const auto code = given.string();
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (code && code->size() == 3 && std::all_of(code->begin(), code->end(), is_letter))
    return std::string(*code);
  problems_.refuse(name, "must be a lower-case ISO code");
  return std::nullopt;
}

void BodyReader::refuse_unknown() {
  const auto root = document_.root();
  if (!root.is_object()) return;
  for (auto each = root.first(); !each.absent(); each = root.next(each))
    if (std::find(known_.begin(), known_.end(), each.key()) == known_.end())
      problems_.refuse(each.key(), "is no field of this resource");
}

std::optional<http::Response> BodyReader::refusal() {
  if (!is_json_type_)
    return http::problem(415, "unsupported_media_type", "the Content-Type must be application/json");
  refuse_unknown();
  return problems_.refusal();
}

}  // namespace penstock
