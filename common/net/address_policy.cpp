#include "common/net/address_policy.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock {
namespace {

struct SpecialRange {
  std::string_view range;
  std::string_view why;
};

// The registries are iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. The first range
// that holds an address says why.
constexpr std::array kSpecialRanges{
    SpecialRange{"0.0.0.0/8", "this network (RFC 791)"},
    SpecialRange{"10.0.0.0/8", "a private network (RFC 1918)"},
    SpecialRange{"100.64.0.0/10", "a carrier's shared addresses (RFC 6598)"},
    SpecialRange{"127.0.0.0/8", "this machine (RFC 1122)"},
    SpecialRange{"168.63.129.16/32", "the platform address of a cloud (Azure)"},
    SpecialRange{"169.254.0.0/16", "link-local, where clouds keep their metadata (RFC 3927)"},
    SpecialRange{"172.16.0.0/12", "a private network (RFC 1918)"},
    SpecialRange{"192.0.0.0/24", "protocol assignments (RFC 6890)"},
    SpecialRange{"192.0.2.0/24", "documentation (RFC 5737)"},
    SpecialRange{"192.88.99.0/24", "6to4 relays (RFC 7526)"},
    SpecialRange{"192.168.0.0/16", "a private network (RFC 1918)"},
    SpecialRange{"198.18.0.0/15", "benchmarks (RFC 2544)"},
    SpecialRange{"198.51.100.0/24", "documentation (RFC 5737)"},
    SpecialRange{"203.0.113.0/24", "documentation (RFC 5737)"},
    SpecialRange{"224.0.0.0/4", "multicast (RFC 5771)"},
    SpecialRange{"240.0.0.0/4", "reserved, or broadcast (RFC 1112)"},

    SpecialRange{"::/128", "the unspecified address (RFC 4291)"},
    SpecialRange{"::1/128", "this machine (RFC 4291)"},
    SpecialRange{"64:ff9b::/96", "NAT64, which leads to an IPv4 address (RFC 6052)"},
    SpecialRange{"64:ff9b:1::/48", "a network's own NAT64 (RFC 8215)"},
    SpecialRange{"100::/64", "a discard prefix (RFC 6666)"},
    SpecialRange{"2001::/32", "Teredo, which leads to an IPv4 address (RFC 4380)"},
    SpecialRange{"2001::/23", "protocol assignments (RFC 2928)"},
    SpecialRange{"2001:db8::/32", "documentation (RFC 3849)"},
    SpecialRange{"2002::/16", "6to4, which leads to an IPv4 address (RFC 3056)"},
    SpecialRange{"3fff::/20", "documentation (RFC 9637)"},
    SpecialRange{"5f00::/16", "segment routing (RFC 9602)"},
    SpecialRange{"fc00::/7", "a private network (RFC 4193)"},
    SpecialRange{"fe80::/10", "link-local (RFC 4291)"},
    SpecialRange{"ff00::/8", "multicast (RFC 4291)"},
};

constexpr IpRange kGlobalUnicast{IpAddress(IpAddress::V6Bytes{0x20}), 3};
constexpr std::array<std::uint16_t, 2> kPublicPorts{443, 8443};

}  // namespace

AddressPolicy::AddressPolicy(std::vector<IpRange> allowed)
    : allowed_(std::move(allowed)), refused_([] {
        std::vector<Refused> refused;
        for (const auto& special : kSpecialRanges)
          refused.push_back({parse_ip_range(special.range).value(), special.why});
        return refused;
      }()) {}

std::optional<std::string> AddressPolicy::refusal(const Destination& destination) const {
  const IpAddress address = destination.address.unmapped();
  const auto holds = [&](const IpRange& range) { return range.contains(address); };
  if (std::any_of(allowed_.begin(), allowed_.end(), holds)) return std::nullopt;

  const auto special =
      std::find_if(refused_.begin(), refused_.end(), [&](const Refused& r) { return holds(r.range); });
  if (special != refused_.end()) return to_string(destination.address) + " is " + std::string(special->why);
  if (!address.is_v4() && !kGlobalUnicast.contains(address))
    return to_string(destination.address) + " is no global unicast address (RFC 4291)";

  if (!destination.encrypted) return to_string(destination.address) + " is public: only with https";
  if (std::find(kPublicPorts.begin(), kPublicPorts.end(), destination.port) == kPublicPorts.end())
    return to_string(destination.address) + " is public: only on ports 443 and 8443";
  return std::nullopt;
}

}  // namespace penstock
