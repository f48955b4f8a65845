#include "ingress/signatures/signature_header.h"

#include <cstdint>

namespace penstock {

SignatureVerdict judge_presence(const http::RequestHead& head, std::string_view field) {
  const auto count = head.field_values(field).size();
  if (count == 0) return SignatureVerdict::header_missing;
  return count == 1 ? SignatureVerdict::valid : SignatureVerdict::header_repeated;
}

std::optional<std::chrono::sys_seconds> parse_signature_time(std::string_view text) noexcept {
  constexpr std::size_t kDigitsMax = 15;  // stays far inside int64, thirty million years from now
  if (text.empty() || text.size() > kDigitsMax || text[0] == '0') return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return std::chrono::sys_seconds{std::chrono::seconds{value}};
}

bool is_within(std::optional<std::chrono::seconds> tolerance, std::chrono::sys_seconds signed_at,
               Timestamp now) noexcept {
  if (!tolerance || tolerance->count() == 0) return true;
  const auto age = std::chrono::floor<std::chrono::seconds>(now) - signed_at;
  return age <= *tolerance && -age <= *tolerance;
}

}  // namespace penstock
