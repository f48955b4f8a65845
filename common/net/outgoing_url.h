// URLs that others give us to send to. A parser that takes one reading only: what it takes, every other parser reads
// alike, so that what was checked is what is connected to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/net/ip_address.h"

namespace penstock {

inline constexpr std::size_t kUrlBytesMax = 2048;

struct OutgoingUrl {
  bool encrypted = true;             // https
  std::string host;                  // a DNS name in lower case, or an address without brackets
  std::optional<IpAddress> literal;  // the host, when it is an address
  std::uint16_t port = 0;            // the scheme's own when the URL has none
  std::string target;                // path and query, from the '/'
  bool operator==(const OutgoingUrl&) const = default;
};

// https://host[:port][/path][?query], and http:// when cleartext is allowed. Errors are `invalid` and say what is wrong
// without repeating the text, whose query may be a secret. Refused is:
//
// - more than 2048 bytes; any that is not printable ASCII, or that RFC 3986 wants escaped (space \ " < > ^ ` { | });
//   a '%' without two hexadecimal digits after it
// - a user name, a fragment, a port that is not 1 to 65535 in digits without a leading zero
// - a host that is neither a name nor an address: a name has labels of letters, digits and inner hyphens
//   (internationalised ones in punycode), 63 bytes each and 253 in all, no dot at its end, and a last label that is no
//   number; an address is spelled canonically (four decimal parts; RFC 5952 in brackets), without a zone. So spellings
//   that some read as an IPv4 address (0x7f.1, 0177.0.0.1, 2130706433) are none.
//
// Any port is taken: which are connected to depends on the address (AddressPolicy).
Result<OutgoingUrl> parse_outgoing_url(std::string_view text, bool cleartext_allowed = false);

// The one spelling, without the scheme's own port.
std::string to_string(const OutgoingUrl& url);

// The text as a value of a query or a form: every byte but letters, digits and - . _ ~ as %XX.
std::string percent_encode(std::string_view text);

// What leads to this machine.
inline constexpr std::array kLoopback{
    IpRange{IpAddress(IpAddress::V4Bytes{127, 0, 0, 0}), 8},
    IpRange{IpAddress(IpAddress::V6Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), 128}};
// Whether its host is a loopback address or "localhost": what is sent there leaves no machine.
bool is_loopback(const OutgoingUrl& url) noexcept;

}  // namespace penstock
