// Internet addresses and ranges of them, as values. Nothing here asks the system or the network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace penstock {

// An IPv4 or IPv6 address, without a zone.
class IpAddress {
 public:
  using V4Bytes = std::array<std::uint8_t, 4>;
  using V6Bytes = std::array<std::uint8_t, 16>;

  constexpr explicit IpAddress(const V4Bytes& bytes) noexcept : v4_(true) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes_[i] = bytes[i];
  }
  constexpr explicit IpAddress(const V6Bytes& bytes) noexcept : bytes_(bytes) {}

  bool is_v4() const noexcept { return v4_; }
  // In network order: 4 or 16.
  std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), v4_ ? 4U : 16U}; }

  // The IPv4 address that an IPv4-mapped one (::ffff:a.b.c.d) leads to; any other as it is.
  IpAddress unmapped() const noexcept;

  bool operator==(const IpAddress&) const = default;

 private:
  V6Bytes bytes_{};  // of IPv4 the first four
  bool v4_ = false;
};

// "a.b.c.d" in decimal without leading zeros, or any spelling of RFC 4291 section 2.2; what inet_pton(3) takes.
// nullopt for the rest: other bases, fewer parts, zones, brackets.
std::optional<IpAddress> parse_ip_address(std::string_view text) noexcept;

// RFC 5952: one spelling an address.
std::string to_string(const IpAddress& address);

// "192.0.2.1:443", "[2001:db8::1]:443".
std::string to_string(const IpAddress& address, std::uint16_t port);

// The addresses that share the first `prefix` bits of `base`.
struct IpRange {
  IpAddress base;
  int prefix = 0;

  // IPv4 ranges hold no IPv6 addresses, nor the other way.
  bool contains(const IpAddress& address) const noexcept;
  bool operator==(const IpRange&) const = default;
};

// An address, or address/prefix. Errors are `invalid`, and say what is wrong without repeating the text.
Result<IpRange> parse_ip_range(std::string_view text);

}  // namespace penstock
