// What several doors turn a request away with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingress/intake/intake.h"

namespace penstock {

// The detail is for the log alone.
Refused refuse(std::string_view reason, http::Response answer, std::string detail);

// 400 `invalid_request` that names one field, of the body, the path or the head.
http::Response invalid_field(std::string_view field, std::string_view why);

// 413 to a body of more than so many KiB, where the door takes small ones; nullopt to any other.
inline constexpr std::string_view kBodyTooLarge = "body_too_large";  // the reason
std::optional<Refused> judge_small_body(const http::Request& request, std::size_t kib_max = 4);
// That 413, of a part of the body ("the body", "data").
Refused too_large(std::string_view what, std::size_t bytes, std::size_t kib_max);

inline constexpr std::string_view kRateLimited = "rate_limited";  // the reason, with rate_limited()

// Whoever asks may be in the right, but what that depends on cannot be told now: 503 with Retry-After.
inline constexpr std::string_view kSettingsUnavailable = "settings_unavailable";  // the reason
inline constexpr std::string_view kNotReadYet = "the settings have not been read from the log yet";
Refused settings_unavailable(std::string_view why);

}  // namespace penstock
