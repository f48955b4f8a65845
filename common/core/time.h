// Instants as the wire and the store carry them: UTC milliseconds since 1970. No clock is read here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

using Milliseconds = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;

// Unix seconds, as Stripe sends them; nullopt outside the years 0001 to 9999
// (RFC 3339 cannot spell the rest).
std::optional<Timestamp> timestamp_from_unix_seconds(std::int64_t seconds) noexcept;

inline std::int64_t to_unix_ms(Timestamp at) noexcept { return at.time_since_epoch().count(); }
inline Timestamp timestamp_from_unix_ms(std::int64_t ms) noexcept { return Timestamp{Milliseconds{ms}}; }

// RFC 3339, UTC with Z: "2025-07-25T17:12:41Z", and ".123" only when there are milliseconds.
std::string to_rfc3339(Timestamp at);

// RFC 3339 with any offset and up to nanoseconds (cut to milliseconds); nullopt when malformed, or outside those years in UTC.
std::optional<Timestamp> parse_rfc3339(std::string_view text) noexcept;

}  // namespace penstock
