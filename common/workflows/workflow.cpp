#include "common/workflows/workflow.h"

#include <algorithm>

#include "common/json/pointer.h"

namespace penstock {
namespace {

constexpr std::size_t kMatchBytesMax = 255;

bool says(std::string_view pattern, std::string_view type) noexcept {
  if (!pattern.ends_with('*')) return pattern == type;
  return type.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

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
