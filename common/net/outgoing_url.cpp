#include "common/net/outgoing_url.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace penstock {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_hex_digit(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

bool is_url_byte(char c) noexcept {
  constexpr std::string_view kUnwise = "\\\"<>^`{|}";
  return c > ' ' && c < 0x7f && kUnwise.find(c) == std::string_view::npos;
}

Status check_bytes(std::string_view text) {
  if (text.size() > kUrlBytesMax) return refuse("is longer than 2048 bytes");
  if (!std::all_of(text.begin(), text.end(), is_url_byte))
    return refuse(
        "has a character that no URL has: write it as %XX (of a host's name, write the punycode form)");
  if (text.find('#') != std::string_view::npos) return refuse("has a fragment ('#'), which is never sent");
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
    if (at + 2 >= text.size() || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2]))
      return refuse("has a '%' that two hexadecimal digits do not follow");
  return ok();
}

Result<std::uint16_t> parse_port(std::string_view digits) {
  unsigned port = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, port);
  if (digits.empty() || digits.front() == '0' || parsed.ec != std::errc{} || parsed.ptr != end ||
      port > 65535)
    return refuse("has no port between 1 and 65535 after the host's ':'");
  return static_cast<std::uint16_t>(port);
}

bool is_label(std::string_view label) noexcept {
  constexpr std::size_t kLabelBytesMax = 63;
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_name(std::string_view name) noexcept {
  constexpr std::size_t kNameBytesMax = 253;
  if (name.size() > kNameBytesMax) return false;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_label(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return is_label(name);
}

// Whoever takes numbers for addresses looks at the last label (WHATWG URL, "ends in a number").
bool ends_in_number(std::string_view name) noexcept {
  auto last = name.substr(name.rfind('.') + 1);  // the whole of it when there is no dot
  if (last.starts_with("0x")) return std::all_of(last.begin() + 2, last.end(), is_hex_digit);
  return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

Status set_literal(OutgoingUrl& url, std::string text) {
  url.literal = parse_ip_address(text);
  if (!url.literal || to_string(*url.literal) != text)
    return refuse("has a host that is no address in its canonical spelling");
  url.host = std::move(text);
  return ok();
}

Status set_host(OutgoingUrl& url, std::string_view text) {
  auto host = lower_case(text);
  if (host.empty()) return refuse("has no host");
  if (ends_in_number(host)) {
    TRY_STATUS(set_literal(url, std::move(host)));
    return ok();
  }
  if (!is_name(host)) return refuse("has a host that is neither a DNS name nor an address");
  url.host = std::move(host);
  return ok();
}

Status set_authority(OutgoingUrl& url, std::string_view text) {
  if (text.find('@') != std::string_view::npos) return refuse("has a user name before an '@'");
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string_view::npos) return refuse("has a '[' without a ']'");
  if (bracketed) {
    TRY_STATUS(set_literal(url, lower_case(text.substr(1, host_end - 1))));
    if (url.literal->is_v4()) return refuse("has an IPv4 address in brackets");
  } else {
    TRY_STATUS(set_host(url, text.substr(0, host_end)));
  }
  const auto rest =
      host_end == std::string_view::npos ? std::string_view{} : text.substr(host_end + (bracketed ? 1 : 0));
  if (rest.empty()) return ok();
  if (rest.front() != ':') return refuse("has something other than a port after its host");
  TRY(url.port, parse_port(rest.substr(1)));
  return ok();
}

}  // namespace

Result<OutgoingUrl> parse_outgoing_url(std::string_view text, bool cleartext_allowed) {
  TRY_STATUS(check_bytes(text));
  OutgoingUrl url;
  url.encrypted = text.starts_with(kHttps);
  if (!url.encrypted && !text.starts_with(kHttp)) return refuse("does not begin with https://");
  if (!url.encrypted && !cleartext_allowed)
    return refuse("is http://: what is sent would be readable on its way; use https://");
  url.port = url.encrypted ? kHttpsPort : kHttpPort;
  text.remove_prefix(url.encrypted ? kHttps.size() : kHttp.size());

  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  TRY_STATUS(set_authority(url, text.substr(0, authority_end)));
  url.target = text.substr(authority_end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  return url;
}

std::string to_string(const OutgoingUrl& url) {
  std::string text(url.encrypted ? kHttps : kHttp);
  text += url.literal && !url.literal->is_v4() ? "[" + url.host + "]" : url.host;
  if (url.port != (url.encrypted ? kHttpsPort : kHttpPort)) text += ":" + std::to_string(url.port);
  return text + url.target;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  constexpr std::string_view kUnreservedMarks = "-._~";
  std::string encoded;
  for (const char c : text) {
    if (is_digit(c) || is_lower(to_lower(c)) || kUnreservedMarks.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', kHexDigits[byte >> 4], kHexDigits[byte & 0xF]});
  }
  return encoded;
}

bool is_loopback(const OutgoingUrl& url) noexcept {
  if (!url.literal) return url.host == "localhost";
  return std::any_of(kLoopback.begin(), kLoopback.end(),
                     [&](const IpRange& range) { return range.contains(*url.literal); });
}

}  // namespace penstock
