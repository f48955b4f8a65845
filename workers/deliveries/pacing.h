// Whether an endpoint may be sent to now: a circuit breaker and a rate, kept in its row. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "common/core/time.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

// After so many failures in a row that may pass (Verdict::retry), the breaker opens. What is pending then waits, and uses up no
// attempt; when the time is up one delivery tries, and with it the endpoint is well again or the breaker opens for twice as long.
inline constexpr std::int64_t kFailuresToOpen = 5;

// How long it is open: as long as a first retry waits, then twice that, and so on.
class Breaker {
 public:
  // Not for longer than five minutes, nor than the longest delay of the schedule.
  explicit Breaker(const std::vector<Milliseconds>& schedule);

  static bool is_open(const DeliveryEndpoint& endpoint, Timestamp now) noexcept;
  // At most so many of `concurrency` at once.
  static std::size_t at_once(const DeliveryEndpoint& endpoint, std::size_t concurrency) noexcept;

  // A pause that was asked for goes on.
  static void succeeded(DeliveryEndpoint& endpoint) noexcept;
  // `luck` in [0, 1) makes it a fifth longer or shorter. What was sent before it opened opens it no further.
  void failed(DeliveryEndpoint& endpoint, double luck, Timestamp now) const noexcept;
  // The endpoint has asked for a pause; five minutes of it at most hold for all that is pending.
  static void pause(DeliveryEndpoint& endpoint, Milliseconds asked_for, Timestamp now) noexcept;
  // An operator wants it tried.
  static void close(DeliveryEndpoint& endpoint) noexcept;

 private:
  Milliseconds first_;
  Milliseconds longest_;
};

// Events a second, by the generic cell rate algorithm (ITU-T I.371): evenly, and a tenth of a second's worth at once.
class Pace {
 public:
  Pace() = default;
  // From where it was left, by this worker or another.
  explicit Pace(std::optional<Timestamp> used_until) : used_until_(used_until.value_or(Timestamp{})) {}

  // Uses up the rate for one more event, unless it is used up.
  bool take(std::int64_t per_second, Timestamp now) noexcept;
  // DeliveryEndpoint::paced_until; none: nothing is used up.
  std::optional<Timestamp> used_until(Timestamp now) const noexcept;

 private:
  std::chrono::sys_time<std::chrono::microseconds> used_until_{};
};

}  // namespace penstock
