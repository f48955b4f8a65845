// Amounts of money: an int64 in the currency's minor unit, as Stripe sends it.
// Nothing divides or multiplies, so currencies with 0, 2 and 3 decimals are all alike. Overflow is a value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace penstock {

struct MinorUnits {
  std::int64_t value = 0;
  auto operator<=>(const MinorUnits&) const = default;
};

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
