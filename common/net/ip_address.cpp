#include "common/net/ip_address.h"

#include <algorithm>
#include <charconv>

namespace penstock {
namespace {

using V4Bytes = IpAddress::V4Bytes;
using V6Bytes = IpAddress::V6Bytes;

constexpr std::size_t kGroups = 8;  // of 16 bits, in an IPv6 address

// The whole text as a number of `base` with `digits_max` digits at most.
std::optional<unsigned> number(std::string_view text, int base, std::size_t digits_max) noexcept {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  const auto parsed = std::from_chars(text.data(), end, value, base);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

// What stands before the next `separator`, taken off `rest`; nullopt when there is none.
std::optional<std::string_view> take_part(std::string_view& rest, char separator) noexcept {
  const auto end = rest.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return part;
}

std::optional<std::uint8_t> decimal_byte(std::string_view text) noexcept {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;  // octal to some
  const auto value = number(text, 10, 3);
  if (!value || *value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(*value);
}

std::optional<V4Bytes> parse_v4(std::string_view text) noexcept {
  V4Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool last = i + 1 == bytes.size();
    const auto part = last ? std::optional(text) : take_part(text, '.');
    const auto byte = part ? decimal_byte(*part) : std::nullopt;
    if (!byte) return std::nullopt;
    bytes[i] = *byte;
  }
  return bytes;
}

unsigned group_of(std::uint8_t high, std::uint8_t low) noexcept {
  return static_cast<unsigned>(high) << 8U | low;
}

struct Groups {
  std::array<unsigned, kGroups> values{};
  std::size_t count = 0;

  bool add(unsigned value) noexcept {
    if (count == values.size()) return false;
    values[count++] = value;
    return true;
  }
};

// Groups separated by colons, the last of which may be an IPv4 address. Of no text there are none.
std::optional<Groups> parse_groups(std::string_view text, bool may_end_in_v4) noexcept {
  Groups groups;
  for (bool more = !text.empty(); more;) {
    const auto before_colon = take_part(text, ':');
    more = before_colon.has_value();
    const auto part = before_colon.value_or(text);
    const auto v4 = more || !may_end_in_v4 ? std::nullopt : parse_v4(part);
    const auto group = v4 ? std::nullopt : number(part, 16, 4);
    if (!v4 && !group) return std::nullopt;
    const bool fits =
        v4 ? groups.add(group_of((*v4)[0], (*v4)[1])) && groups.add(group_of((*v4)[2], (*v4)[3]))
           : groups.add(*group);
    if (!fits) return std::nullopt;
  }
  return groups;
}

V6Bytes bytes_of(const std::array<unsigned, kGroups>& groups) noexcept {
  V6Bytes bytes{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8U);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xffU);
  }
  return bytes;
}

std::optional<V6Bytes> parse_v6(std::string_view text) noexcept {
  const auto gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const auto head = parse_groups(text.substr(0, gap), !has_gap);
  const auto tail = parse_groups(has_gap ? text.substr(gap + 2) : std::string_view{}, true);
  if (!head || !tail) return std::nullopt;
  const auto given = head->count + tail->count;
  if (has_gap ? given >= kGroups : given != kGroups) return std::nullopt;
  auto groups = head->values;
  std::copy_n(tail->values.begin(), tail->count, groups.end() - static_cast<std::ptrdiff_t>(tail->count));
  return bytes_of(groups);
}

std::array<unsigned, kGroups> groups_of(std::span<const std::uint8_t> bytes) noexcept {
  std::array<unsigned, kGroups> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = group_of(bytes[2 * i], bytes[2 * i + 1]);
  return groups;
}

struct Run {
  std::size_t begin = kGroups;
  std::size_t length = 0;
};

// What "::" stands for: the first of the longest runs of two zero groups or more.
Run longest_zeros(const std::array<unsigned, kGroups>& groups) noexcept {
  Run best{kGroups, 1};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t length = 0;
    while (i + length < groups.size() && groups[i + length] == 0) ++length;
    if (length > best.length) best = {i, length};
    i += length;
  }
  return best.begin == kGroups ? Run{} : best;
}

std::string spell_v4(std::span<const std::uint8_t> bytes) {
  std::string text = std::to_string(bytes[0]);
  for (const auto byte : bytes.subspan(1)) text.append(1, '.').append(std::to_string(byte));
  return text;
}

std::string spell_v6(std::span<const std::uint8_t> bytes) {
  const auto groups = groups_of(bytes);
  const Run zeros = longest_zeros(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits{};
    text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), groups[i], 16).ptr);
  }
  return text;
}

bool same_bits(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, int prefix) noexcept {
  for (std::size_t i = 0; prefix > 0; ++i, prefix -= 8) {
    const unsigned mask = prefix >= 8 ? 0xffU : (0xff00U >> static_cast<unsigned>(prefix)) & 0xffU;
    if (((a[i] ^ b[i]) & mask) != 0) return false;
  }
  return true;
}

bool has_bits_after(std::span<const std::uint8_t> bytes, int prefix) noexcept {
  for (std::size_t bit = static_cast<std::size_t>(prefix); bit < bytes.size() * 8; ++bit)
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0) return true;
  return false;
}

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const IpAddress& address) noexcept {
  return !address.is_v4() && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes().begin());
}

}  // namespace

IpAddress IpAddress::unmapped() const noexcept {
  if (!is_mapped(*this)) return *this;
  return IpAddress(V4Bytes{bytes_[12], bytes_[13], bytes_[14], bytes_[15]});
}

std::optional<IpAddress> parse_ip_address(std::string_view text) noexcept {
  if (const auto v4 = parse_v4(text)) return IpAddress(*v4);
  if (const auto v6 = parse_v6(text)) return IpAddress(*v6);
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  if (is_mapped(address)) return "::ffff:" + spell_v4(address.bytes().subspan(kMappedPrefix.size()));
  return address.is_v4() ? spell_v4(address.bytes()) : spell_v6(address.bytes());
}

std::string to_string(const IpAddress& address, std::uint16_t port) {
  const auto host = address.is_v4() ? to_string(address) : "[" + to_string(address) + "]";
  return host + ":" + std::to_string(port);
}

bool IpRange::contains(const IpAddress& address) const noexcept {
  return address.is_v4() == base.is_v4() && same_bits(base.bytes(), address.bytes(), prefix);
}

Result<IpRange> parse_ip_range(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = parse_ip_address(text.substr(0, slash));
  if (!base) return Error{ErrorCode::invalid, "is no IP address and no address/prefix"};
  if (is_mapped(*base)) return Error{ErrorCode::invalid, "is an IPv4-mapped address: write it as IPv4"};
  const int bits = static_cast<int>(base->bytes().size()) * 8;
  if (slash == std::string_view::npos) return IpRange{*base, bits};
  const auto digits = text.substr(slash + 1);
  const auto prefix = digits.size() > 1 && digits.front() == '0' ? std::nullopt : number(digits, 10, 3);
  if (!prefix || static_cast<int>(*prefix) > bits)
    return Error{ErrorCode::invalid, "has no prefix between 0 and " + std::to_string(bits)};
  if (has_bits_after(base->bytes(), static_cast<int>(*prefix)))
    return Error{ErrorCode::invalid, "has an address with bits set beyond its prefix"};
  return IpRange{*base, static_cast<int>(*prefix)};
}

}  // namespace penstock
