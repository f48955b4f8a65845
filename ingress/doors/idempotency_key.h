// The field Idempotency-Key, with which a client says that it asks for the same thing again.
#pragma once

#include <optional>
#include <string_view>

#include "ingress/intake/intake.h"

namespace penstock {

inline constexpr std::string_view kIdempotencyKeyInvalid = "idempotency_key_invalid";  // the only reason

// 400 when it is there and not one of 1 to 255 visible ASCII characters.
std::optional<Refused> judge_idempotency_key(const http::Request& request);

// Of a request that was judged so; a view into it.
std::optional<std::string_view> idempotency_key(const http::Request& request) noexcept;

}  // namespace penstock
