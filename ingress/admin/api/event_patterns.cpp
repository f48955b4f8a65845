#include "ingress/admin/api/event_patterns.h"

#include <algorithm>

namespace penstock::admin {
namespace {

constexpr std::string_view kField = "event_types";
constexpr std::size_t kTypesMax = 64;
constexpr std::size_t kTypeBytesMax = 128;

}  // namespace

bool is_event_type(std::string_view text) noexcept {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_.";
  return !text.empty() && text.size() <= kTypeBytesMax &&
         text.find_first_not_of(kAllowed) == std::string_view::npos && text.front() != '.' &&
         text.back() != '.' && text.find("..") == std::string_view::npos;
}

bool is_event_pattern(std::string_view text) noexcept {
  if (text == "*") return true;
  return is_event_type(text.ends_with(".*") ? text.substr(0, text.size() - 2) : text);
}

std::vector<std::string> read_patterns(BodyReader& in) {
  auto patterns = in.optional_texts(kField, kTypesMax, kTypeBytesMax);
  if (!patterns) in.refuse(kField, "is required");
  if (patterns && !std::all_of(patterns->begin(), patterns->end(), is_event_pattern))
    in.refuse(kField, kEventPatternRule);
  return std::move(patterns).value_or(std::vector<std::string>());
}

}  // namespace penstock::admin
