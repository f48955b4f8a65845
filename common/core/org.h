// Orgs: whose settings, events and rows something is. Names are an operator's choice; `default` is the org of
// whoever runs Penstock, to which events of the platform's own Stripe endpoint belong.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

inline constexpr std::string_view kDefaultOrg = "default";
inline constexpr std::size_t kOrgBytesMax = 64;

// 1 to 64 of `a-z 0-9 _ -`, so that a name stands as it is in keys, paths, headers and topics, and ends where
// any other character begins.
constexpr bool is_org_name(std::string_view text) noexcept {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kOrgBytesMax && std::all_of(text.begin(), text.end(), is_allowed);
}

// What an error says of a name that is none.
inline constexpr std::string_view kOrgNameRule = "must be 1 to 64 of a-z 0-9 _ -";

// An org as scopes and rows name it, and back: nullopt is the default one, whose rows name none.
inline std::optional<std::string> org_of_name(std::string_view name) {
  return name == kDefaultOrg ? std::nullopt : std::optional<std::string>(name);
}
inline std::string_view name_of_org(const std::optional<std::string>& org) noexcept {
  return org ? std::string_view(*org) : kDefaultOrg;
}

}  // namespace penstock
