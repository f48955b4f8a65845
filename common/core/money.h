// Amounts of money: an int64 in the currency's minor unit, as Stripe sends it. Nothing divides or multiplies
// these, so currencies with 0, 2 and 3 decimals are all alike. What a single impression costs is less than
// any minor unit: ads are counted in micro-units. Overflow is a value.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

namespace penstock {

struct MinorUnits {
  std::int64_t value = 0;
  auto operator<=>(const MinorUnits&) const = default;
};

// A millionth of the currency's major unit.
struct MicroUnits {
  std::int64_t value = 0;
  auto operator<=>(const MicroUnits&) const = default;
};

// The sum and the product of what is not negative, or the greatest number there is, where they are greater.
constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}
constexpr std::int64_t saturating_multiply(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

constexpr std::optional<MinorUnits> checked_add(MinorUnits a, MinorUnits b) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.value, b.value, &sum)) return std::nullopt;
  return MinorUnits{sum};
}

constexpr std::optional<MinorUnits> checked_subtract(MinorUnits a, MinorUnits b) noexcept {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a.value, b.value, &difference)) return std::nullopt;
  return MinorUnits{difference};
}

}  // namespace penstock
