#include "common/http/server/client_address.h"

#include <algorithm>

namespace penstock::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "192.0.2.1:4711" and "[2001:db8::1]:4711", as some proxies have it, without what is no address.
std::string_view without_port(std::string_view entry) noexcept {
  const auto bracket = entry.find(']');
  if (entry.starts_with('[') && bracket != std::string_view::npos) return entry.substr(1, bracket - 1);
  const auto colon = entry.find(':');
  return colon == entry.rfind(':') ? entry.substr(0, colon) : entry;
}

std::optional<ClientAddress> parse_entry(std::string_view entry) noexcept {
  const auto text = without_port(trimmed(entry));
  const auto address = parse_ip_address(text);
  return address ? std::optional(ClientAddress{text, address->unmapped()}) : std::nullopt;
}

// Cuts off and answers what stands behind the last comma.
std::string_view take_last(std::string_view& list) noexcept {
  const auto comma = list.rfind(',');
  const auto last = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
  return last;
}

}  // namespace

ClientAddress client_address(const Request& request, std::span<const IpRange> trusted_proxies) {
  const auto is_proxy = [&](const IpAddress& address) {
    return std::any_of(trusted_proxies.begin(), trusted_proxies.end(),
                       [&](const IpRange& range) { return range.contains(address); });
  };
  const std::string_view peer = request.remote_address;
  const auto address = parse_ip_address(peer.substr(0, peer.find('%')));
  ClientAddress client{peer, address.value_or(IpAddress(IpAddress::V6Bytes{})).unmapped()};
  if (!is_proxy(client.address)) return client;
  // Several fields are one list (RFC 9110 §5.3).
  const auto fields = request.head.field_values("X-Forwarded-For");
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    for (std::string_view list = *field; !list.empty();) {
      const auto entry = parse_entry(take_last(list));
      if (!entry) return client;
      client = *entry;
      if (!is_proxy(client.address)) return client;
    }
  }
  return client;
}

std::uint64_t client_group(const IpAddress& address) noexcept {
  // No IPv6 host is in ::/8, which is reserved (RFC 4291 §4): there is room for IPv4.
  const IpAddress host = address.unmapped();
  std::uint64_t group = 0;
  for (const auto byte : host.bytes().first(host.is_v4() ? 4 : 8)) group = group << 8 | byte;
  return group;
}

}  // namespace penstock::http
