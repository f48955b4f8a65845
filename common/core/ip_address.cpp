#include "common/core/ip_address.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace penstock {
namespace {

constexpr std::array<std::uint8_t, 12> kV4Prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kV4PrefixBits = 96;

template <class Number>
std::optional<Number> parse_number(std::string_view text, std::size_t digits_max, int base) noexcept {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || text.size() > digits_max || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

// "010" is eight to some and ten to others.
std::optional<std::uint8_t> parse_octet(std::string_view text) noexcept {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_number<std::uint8_t>(text, 3, 10);
}

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) noexcept {
  std::array<std::uint8_t, 4> octets{};
  for (std::size_t at = 0; at < octets.size(); ++at) {
    const auto end = text.find('.');
    if ((end == std::string_view::npos) != (at == 3)) return std::nullopt;
    const auto octet = parse_octet(text.substr(0, end));
    if (!octet) return std::nullopt;
    octets[at] = *octet;
    text.remove_prefix(at == 3 ? text.size() : end + 1);
  }
  return octets;
}

// The groups of an IPv6 address as they are read, and where "::" stands among them.
class V6Reader {
 public:
  std::optional<IpAddress> read(std::string_view text) noexcept {
    if (text.starts_with("::")) {
      gap_ = 0;
      text.remove_prefix(2);
    }
    while (!text.empty()) {
      const auto end = text.find(':');
      if (!add(text.substr(0, end), end == std::string_view::npos)) return std::nullopt;
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
      if (text.empty()) return std::nullopt;
      if (text.front() != ':') continue;
      if (gap_) return std::nullopt;
      gap_ = count_;
      text.remove_prefix(1);
    }
    return address();
  }

 private:
  bool add(std::string_view part, bool is_last) noexcept {
    if (is_last && part.find('.') != std::string_view::npos) {
      const auto octets = parse_v4(part);
      if (!octets || count_ > 12) return false;
      for (const auto octet : *octets) bytes_[count_++] = octet;
      return true;
    }
    const auto group = parse_number<std::uint16_t>(part, 4, 16);
    if (!group || count_ > 14) return false;
    bytes_[count_++] = static_cast<std::uint8_t>(*group >> 8);
    bytes_[count_++] = static_cast<std::uint8_t>(*group & 0xff);
    return true;
  }

  // The gap stands for one group of zeros at least.
  std::optional<IpAddress> address() const noexcept {
    if (gap_ ? count_ > 14 : count_ != 16) return std::nullopt;
    IpAddress address;
    const auto behind = static_cast<std::ptrdiff_t>(gap_.value_or(count_));
    const auto end = static_cast<std::ptrdiff_t>(count_);
    std::copy(bytes_.begin(), bytes_.begin() + behind, address.bytes.begin());
    std::copy_backward(bytes_.begin() + behind, bytes_.begin() + end, address.bytes.end());
    return address;
  }

  std::array<std::uint8_t, 16> bytes_{};
  std::size_t count_ = 0;
  std::optional<std::size_t> gap_;  // before which byte
};

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

}  // namespace

bool IpAddress::is_v4() const noexcept {
  return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
}

std::optional<IpAddress> parse_ip_address(std::string_view text) noexcept {
  if (text.find(':') != std::string_view::npos) return V6Reader().read(text);
  const auto octets = parse_v4(text);
  if (!octets) return std::nullopt;
  IpAddress address;
  std::copy(kV4Prefix.begin(), kV4Prefix.end(), address.bytes.begin());
  std::copy(octets->begin(), octets->end(), address.bytes.begin() + kV4Prefix.size());
  return address;
}

bool Network::contains(const IpAddress& address) const noexcept {
  const auto whole = static_cast<std::size_t>(prefix_bits / 8);
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin()))
    return false;
  if (prefix_bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - prefix_bits % 8));
  return ((base.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

Result<Network> parse_network(std::string_view text) {
  constexpr const char* kForm = "is neither an IP address nor a network such as 10.0.0.0/8";
  const auto slash = text.find('/');
  const auto base = parse_ip_address(text.substr(0, slash));
  if (!base) return refuse(kForm);
  Network network{*base, 128};
  if (slash == std::string_view::npos) return network;
  const bool is_v4 = text.find(':') == std::string_view::npos;
  const auto bits = parse_octet(text.substr(slash + 1));
  if (!bits || *bits > (is_v4 ? 32 : 128)) return refuse(kForm);
  network.prefix_bits = *bits + (is_v4 ? kV4PrefixBits : 0);
  for (int bit = network.prefix_bits; bit < 128; ++bit)
    if ((base->bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0)
      return refuse("has a network with bits set beyond its prefix");
  return network;
}

}  // namespace penstock
