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
  CHECK(word == "object");
  return KeyRule::object;
}

}  // namespace

const Catalogue& Catalogue::builtin() {
  static const Catalogue catalogue(schemas::kCatalogueJson);
  return catalogue;
}

Catalogue::Catalogue(std::string_view json) {
  const auto document = json::Document::parse(json);
  CHECK(document.has_value());
  const json::Value lines = document.value().root()["inbound"];
  for (json::Value line = lines.first(); !line.absent(); line = lines.next(line)) {
    const auto source = line["source"].string(), topic = line["topic"].string(), key = line["key"].string();
    CHECK(source && topic && key);
    const TopicRoute route{std::string(*topic), key_rule(*key)};
    if (std::find(topics_.begin(), topics_.end(), route.topic) == topics_.end())
      topics_.push_back(route.topic);
    add(sources_[std::string(*source)], line["types"], route);
  }
  topics_.push_back(unrouted_.topic);
}

void Catalogue::add(Types& known, json::Value names, const TopicRoute& route) {
  for (json::Value each = names.first(); !each.absent(); each = names.next(each)) {
    const auto name = each.string();
    CHECK(name);
    if (name->ends_with(".*"))
      known.patterns.push_back({std::string(name->substr(0, name->size() - 1)), route});
    else
      known.exact.emplace(*name, route);
  }
  std::stable_sort(known.patterns.begin(), known.patterns.end(),
                   [](const Pattern& a, const Pattern& b) { return a.prefix.size() > b.prefix.size(); });
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
