#include "workers/deliveries/pacing.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr Milliseconds kLongest = std::chrono::minutes{5};
constexpr Milliseconds kFirstWithoutSchedule = std::chrono::seconds{5};
constexpr Milliseconds kAtOnce{100};

}  // namespace

Breaker::Breaker(const std::vector<Milliseconds>& schedule)
    : first_(schedule.empty() ? kFirstWithoutSchedule : schedule.front()),
      longest_(schedule.empty() ? kLongest
                                : std::min(kLongest, *std::max_element(schedule.begin(), schedule.end()))) {}

bool Breaker::is_open(const DeliveryEndpoint& endpoint, Timestamp now) noexcept {
  // Where a clock was set back it is not open for longer than it ever is.
  return endpoint.open_until && now < *endpoint.open_until && *endpoint.open_until <= now + 2 * kLongest;
}

std::size_t Breaker::at_once(const DeliveryEndpoint& endpoint, std::size_t concurrency) noexcept {
  return endpoint.failures >= kFailuresToOpen ? 1 : concurrency;
}

void Breaker::succeeded(DeliveryEndpoint& endpoint) noexcept {
  if (endpoint.failures >= kFailuresToOpen) endpoint.open_until.reset();
  endpoint.failures = 0;
}

void Breaker::close(DeliveryEndpoint& endpoint) noexcept {
  endpoint.failures = 0;
  endpoint.open_until.reset();
}

void Breaker::failed(DeliveryEndpoint& endpoint, double luck, Timestamp now) const noexcept {
  if (is_open(endpoint, now)) return;
  ++endpoint.failures;
  if (endpoint.failures < kFailuresToOpen) return;
  Milliseconds wait = std::min(first_, longest_);
  for (auto twice = endpoint.failures - kFailuresToOpen; twice > 0 && wait < longest_; --twice)
    wait = std::min(2 * wait, longest_);
  const auto some = static_cast<double>(wait.count()) * (0.8 + 0.4 * luck);
  endpoint.open_until = now + Milliseconds{static_cast<Milliseconds::rep>(some)};
}

void Breaker::pause(DeliveryEndpoint& endpoint, Milliseconds asked_for, Timestamp now) noexcept {
  const Timestamp until = now + std::min(asked_for, kLongest);
  endpoint.open_until = std::max(endpoint.open_until.value_or(until), until);
}

bool Pace::take(std::int64_t per_second, Timestamp now) noexcept {
  const std::chrono::microseconds each = std::chrono::microseconds{std::chrono::seconds{1}} / per_second;
  if (used_until_ > now + kAtOnce + 2 * each) used_until_ = now;  // the clock was set back
  if (used_until_ > now + kAtOnce) return false;
  used_until_ = std::max<decltype(used_until_)>(used_until_, now) + each;
  return true;
}

std::optional<Timestamp> Pace::used_until(Timestamp now) const noexcept {
  if (used_until_ <= now) return std::nullopt;
  return std::chrono::ceil<Milliseconds>(used_until_);
}

}  // namespace penstock
