// Addresses of hosts and networks, as text and as bits. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/core/result.h"

namespace penstock {

// An IPv4 address is the IPv6 address that embeds it (::ffff:a.b.c.d), so that either spelling is one
// address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const noexcept;
  auto operator<=>(const IpAddress&) const = default;
};

// Dotted decimal without leading zeros, or RFC 4291 §2.2; no zone, brackets or port.
std::optional<IpAddress> parse_ip_address(std::string_view text) noexcept;

struct Network {
  IpAddress base;
  int prefix_bits = 128;  // of `base`, 96 more than an IPv4 network says of itself

  bool contains(const IpAddress& address) const noexcept;
  bool operator==(const Network&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", or one address. Errors: invalid, with what is wrong; also when bits beyond
// the prefix are set, since then somebody meant another network.
Result<Network> parse_network(std::string_view text);

}  // namespace penstock
