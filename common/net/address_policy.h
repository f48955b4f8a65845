// Which addresses Penstock connects to on behalf of others. URLs come from tenants, and what they lead to must never
// be something that only this machine or its network can reach (server-side request forgery).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/ip_address.h"

namespace penstock {

// Where a connection is about to go.
struct Destination {
  IpAddress address;
  std::uint16_t port = 0;
  bool encrypted = true;  // TLS
};

// A value; may be asked from any thread.
class AddressPolicy {
 public:
  // What lies in `allowed` is connected to whatever it is, on any port and in cleartext too (PENSTOCK_ALLOW_HOSTS).
  explicit AddressPolicy(std::vector<IpRange> allowed = {});

  // nullopt: may be connected to. Otherwise why not, for the operator.
  //
  // Refused is every address that is not globally reachable by IANA's registries of special-purpose addresses
  // (RFC 6890), whatever lies in a transition range that embeds another address (NAT64, 6to4, Teredo), and what clouds
  // use for metadata. IPv6 is taken from 2000::/3 alone; an IPv4-mapped address is judged as the IPv4 address that it
  // leads to. Public addresses are connected to on ports 443 and 8443 alone, and over TLS alone: what listens elsewhere
  // did not expect a stranger's request.
  std::optional<std::string> refusal(const Destination& destination) const;

  // Whether anything private is.
  bool allows_any() const noexcept { return !allowed_.empty(); }

 private:
  struct Refused {
    IpRange range;
    std::string_view why;
  };
  std::vector<IpRange> allowed_;
  std::vector<Refused> refused_;
};

}  // namespace penstock
