// What an answer, or none, means for a delivery, and when it is tried again. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/core/describe.h"
#include "common/core/time.h"
#include "common/ports/http_sender.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(
    Verdict,
    succeeded,  // 2xx, and the whole of it
    retry,      // 3xx, 429, 5xx, no answer: the receiver's trouble or the network's, which passes
    refused,    // any other 4xx, or nothing that could ever be sent: it will never be taken
    gone)       // 410: nor will anything else

Verdict verdict_of(const SendResult<OutgoingAnswer>& result) noexcept;

// The Retry-After of a 429 or 503 (RFC 9110 §10.2.3), in seconds or as a date, bounded by kRetryAfterMax; nullopt: none.
inline constexpr Milliseconds kRetryAfterMax = std::chrono::hours{24};
std::optional<Milliseconds> retry_after(const OutgoingAnswer& answer, Timestamp now);

// When a delivery that has been tried `attempts` times is tried again: after the schedule's delay, a fifth more or less as
// `luck` in [0, 1) has it, and not before Retry-After. nullopt: it has had all its attempts. `retries_max`: of the event's type.
std::optional<Timestamp> next_attempt_at(const std::vector<Milliseconds>& schedule, std::int64_t attempts,
                                         std::optional<std::int64_t> retries_max, double luck,
                                         std::optional<Milliseconds> retry_after, Timestamp now);

}  // namespace penstock
