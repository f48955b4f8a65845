// What the headers of several schemes have in common. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "common/http/server/request_head.h"
#include "ingress/signatures/signature.h"

namespace penstock {

// Of a header that lists its signatures. Beyond it there are more than any sender makes.
inline constexpr std::size_t kElementsMax = 64;

// Visits what stands between the separators, empty elements included. False when there are more than kElementsMax,
// which are not visited.
template <class Visit>
bool for_each_element(std::string_view header, char separator, Visit visit) {
  for (std::size_t count = 1; count <= kElementsMax; ++count) {
    const auto end = header.find(separator);
    visit(header.substr(0, end));
    if (end == std::string_view::npos) return true;
    header.remove_prefix(end + 1);
  }
  return false;
}

// valid when the field is there just once; else header_missing or header_repeated.
SignatureVerdict judge_presence(const http::RequestHead& head, std::string_view field);

// Unix seconds: digits only, no leading zero, so the signed text and the number are one and the same; nullopt for
// anything else.
std::optional<std::chrono::sys_seconds> parse_signature_time(std::string_view text) noexcept;

// Both ways, to the second. Without a tolerance (or with 0) the age is not checked.
bool is_within(std::optional<std::chrono::seconds> tolerance, std::chrono::sys_seconds signed_at,
               Timestamp now) noexcept;

}  // namespace penstock
