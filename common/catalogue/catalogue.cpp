#include "common/catalogue/catalogue.h"

#include <algorithm>

#include "common/core/check.h"
#include "common/json/value.h"

namespace penstock {

namespace schemas {
extern const std::string_view kCatalogueJson;
}

namespace {

KeyRule key_rule(std::string_view word) {
  if (word == "payment") return KeyRule::payment;
  if (word == "subscription") return KeyRule::subscription;
  if (word == "object") return KeyRule::object;
  CHECK(word == "event");
  return KeyRule::event;
}

std::string text_of(json::Value value) {
  const auto text = value.string();
  CHECK(text);
  return std::string(*text);
}

// What a type says of itself goes before what its line says of all: its name alone, or an object.
EventType columns_of(json::Value said, json::Value line) {
  const auto column = [&](std::string_view name) { return said[name].absent() ? line[name] : said[name]; };
  EventType type;
  type.type = text_of(said.is_object() ? said["type"] : said);
  type.retries = column("retries").integer();
  type.release = column("release").string().value_or("");
  if (const auto status = column("status").string()) CHECK(from_string(*status, type.status));
  return type;
}

}  // namespace

const Catalogue& Catalogue::builtin() {
  static const Catalogue catalogue(schemas::kCatalogueJson);
  return catalogue;
}

Catalogue::Catalogue(std::string_view json) {
  const auto document = json::Document::parse(json);
  CHECK(document.has_value());
  const json::Value inbound = document.value().root()["inbound"],
                    outbound = document.value().root()["outbound"];
  for (json::Value line = inbound.first(); !line.absent(); line = inbound.next(line)) add_inbound(line);
  for (json::Value line = outbound.first(); !line.absent(); line = outbound.next(line)) add_outbound(line);
  topics_.push_back(unrouted_.topic);
  for (auto& [source, types] : sources_)
    std::stable_sort(types.patterns.begin(), types.patterns.end(),
                     [](const Pattern& a, const Pattern& b) { return a.prefix.size() > b.prefix.size(); });
}

void Catalogue::add_inbound(json::Value line) {
  const std::string source = text_of(line["source"]);
  const TopicRoute route{text_of(line["topic"]), key_rule(text_of(line["key"]))};
  if (std::find(topics_.begin(), topics_.end(), route.topic) == topics_.end()) topics_.push_back(route.topic);
  const json::Value types = line["types"];
  for (json::Value each = types.first(); !each.absent(); each = types.next(each)) {
    EventType type = columns_of(each, line);
    type.source = source;
    type.topic = route.topic;
    add(sources_[source], type.type, route);
    types_.push_back(std::move(type));
  }
}

void Catalogue::add_outbound(json::Value line) {
  EventType type = columns_of(line, line);
  type.direction = Direction::outbound;
  type.category = text_of(line["category"]);
  type.description = text_of(line["says"]);
  outbound_.emplace(type.type, types_.size());
  types_.push_back(std::move(type));
}

void Catalogue::add(Types& known, const std::string& type, const TopicRoute& route) {
  if (type == "*" || type.ends_with(".*"))
    known.patterns.push_back({type.substr(0, type.size() - 1), route});
  else
    known.exact.emplace(type, route);
}

const EventType* Catalogue::outbound(std::string_view type) const noexcept {
  const auto known = outbound_.find(type);
  return known == outbound_.end() ? nullptr : &types_[known->second];
}

const TopicRoute& Catalogue::route(std::string_view source, std::string_view type) const {
  const auto known = sources_.find(source);
  if (known == sources_.end()) return unrouted_;
  const auto& [exact, patterns] = known->second;
  if (const auto found = exact.find(type); found != exact.end()) return found->second;
  for (const auto& pattern : patterns)
    if (type.starts_with(pattern.prefix)) return pattern.route;
  return unrouted_;
}

}  // namespace penstock
