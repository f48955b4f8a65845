#include "common/workflows/workflow.h"

#include <algorithm>

#include "common/core/check.h"
#include "common/json/codec.h"
#include "common/json/pointer.h"

namespace penstock {
namespace {

constexpr std::size_t kMatchBytesMax = 255;

bool says(std::string_view pattern, std::string_view type) noexcept {
  if (!pattern.ends_with('*')) return pattern == type;
  return type.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Steps::Steps(const std::vector<Step>& steps) : text_(json::to_text(steps)) {}

std::vector<Step> Steps::list() const {
  const auto document = json::Document::parse(text_, json::kOwnLimits);
  std::vector<Step> steps;
  CHECK(document && json::decode(document.value().root(), steps));
  return steps;
}

bool decode(json::Value in, Steps& out) {
  std::vector<Step> steps;
  if (!json::decode(in, steps)) return false;
  out = steps;
  return true;
}

bool is_subscribed(const std::vector<std::string>& patterns, std::string_view type) noexcept {
  return std::any_of(patterns.begin(), patterns.end(),
                     [type](const std::string& pattern) { return says(pattern, type); });
}

std::optional<std::string> match_value(json::Value event, std::string_view pointer) {
  const auto names = json::parse_pointer(pointer);
  if (!names) return std::nullopt;
  const json::Value found = json::find(event, names.value());
  if (found.missing() || found.is_object() || found.is_array()) return std::nullopt;
  auto text = json::canonical(found);
  return text.size() <= kMatchBytesMax ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace penstock
