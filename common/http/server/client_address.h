// Whose request it is, whether or not reverse proxies stand in front. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/http/server/server.h"
#include "common/net/ip_address.h"

namespace penstock::http {

struct ClientAddress {
  std::string_view text;  // as it was spelled; valid while the request lives and is not moved
  IpAddress address;      // an IPv4-mapped one as the IPv4 address that it is
};

// The peer itself, unless it is one of our proxies: then the right-most address of X-Forwarded-For that is none of
// them. Each proxy adds on the right who came to it, so what stands left of that one may be the client's own
// invention, as all of it is when the peer is no proxy of ours. An entry that is no address (with or without a
// port) ends the search at the proxy that wrote it.
ClientAddress client_address(const Request& request, std::span<const IpRange> trusted_proxies);

// Under what a client is counted: its address, or the /64 of an IPv6 one, all of which one host has to
// itself. Different clients have different groups.
std::uint64_t client_group(const IpAddress& address) noexcept;

}  // namespace penstock::http
