#include "ingress/doors/idempotency_key.h"

#include <algorithm>

#include "ingress/doors/refusals.h"

namespace penstock {
namespace {

constexpr std::string_view kField = "Idempotency-Key";
constexpr std::string_view kForm = "must be one of 1 to 255 visible ASCII characters";
constexpr std::size_t kBytesMax = 255;

bool is_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::optional<Refused> judge_idempotency_key(const http::Request& request) {
  const auto keys = request.head.field_values(kField);
  if (keys.empty() || (keys.size() == 1 && is_key(keys.front()))) return std::nullopt;
  return refuse(kIdempotencyKeyInvalid, invalid_field(kField, kForm), std::string(kForm));
}

std::optional<std::string_view> idempotency_key(const http::Request& request) noexcept {
  return request.header(kField);
}

}  // namespace penstock
