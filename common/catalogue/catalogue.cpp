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
    const auto topic = line["topic"].string(), key = line["key"].string();
    CHECK(topic && key);
    const Route route{std::string(*topic), key_rule(*key)};
    topics_.push_back(route.topic);
    const json::Value types = line["types"];
    for (json::Value type = types.first(); !type.absent(); type = types.next(type)) {
      const auto name = type.string();
      CHECK(name);
      if (name->ends_with(".*"))
        patterns_.push_back({std::string(name->substr(0, name->size() - 1)), route});
      else
        exact_.emplace(*name, route);
    }
  }
  topics_.push_back(unrouted_.topic);
  std::sort(topics_.begin(), topics_.end());
  topics_.erase(std::unique(topics_.begin(), topics_.end()), topics_.end());
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const Pattern& a, const Pattern& b) { return a.prefix.size() > b.prefix.size(); });
}

const Route& Catalogue::route(std::string_view type) const {
  if (const auto found = exact_.find(type); found != exact_.end()) return found->second;
  for (const auto& pattern : patterns_)
    if (type.starts_with(pattern.prefix)) return pattern.route;
  return unrouted_;
}

}  // namespace penstock
