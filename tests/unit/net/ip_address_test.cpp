#include "common/net/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

namespace penstock {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::optional<Bytes> system_bytes(const std::string& text) {
  Bytes bytes(16);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

std::optional<Bytes> our_bytes(const std::string& text) {
  const auto address = parse_ip_address(text);
  if (!address) return std::nullopt;
  return Bytes(address->bytes().begin(), address->bytes().end());
}

std::string system_spelling(const Bytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
}

IpAddress address_of(const Bytes& bytes) {
  IpAddress::V4Bytes v4{};
  IpAddress::V6Bytes v6{};
  if (bytes.size() == 4) {
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return IpAddress(v4);
  }
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return IpAddress(v6);
}

class Seeded {
 public:
  Seeded() {
    const char* given = std::getenv("PENSTOCK_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
  }
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  // Often zero, as addresses are.
  Bytes address() {
    Bytes bytes(below(2) == 0 ? 4 : 16);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      const bool zero = below(2) == 0;
      bytes[i] = static_cast<std::uint8_t>(zero ? 0 : below(256));
      bytes[i + 1] = static_cast<std::uint8_t>(zero ? 0 : below(256));
    }
    return bytes;
  }
  std::string say() const { return "PENSTOCK_TEST_SEED=" + std::to_string(seed_); }

 private:
  std::uint64_t seed_ = 0;
  std::mt19937_64 random_;
};

constexpr std::string_view kSpellings[] = {
    "0.0.0.0", "127.0.0.1", "255.255.255.255", "1.2.3.4", "::", "::1", "1::", "2001:db8::1",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:1.2.3.4", "64:ff9b::1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4", "1::2:3:4:5:6.7.8.9", "ABCD:EF01::", "00ab::", "::0", "0:0:0:0:0:0:0:0",
    // None of these is an address.
    "", ".", ":", ":::", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.", "1.2.3.4.5", "1..2.3", "256.1.1.1",
    "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x7f.0.0.1", "1.2.3.0x4", "0177.0.0.1", "127.1", "2130706433",
    "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "-1.2.3.4", "1.2.3.4a", "a.b.c.d", "1,2,3,4", "1:", ":1", "1:2",
    "::1::", "1::2::3", "12345::", "g::", "::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "::1.2.3", "::1.2.3.4:5",
    "1.2.3.4::", "::01.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "[::1]", "::1%lo", "fe80::1%eth0", "::1/128",
    "0x1::", "::+1", "::-1", "1 ::"};

TEST(IpAddress, EverySpellingIsReadAsTheSystemReadsIt) {
  for (const auto spelling : kSpellings) {
    const std::string text(spelling);
    EXPECT_EQ(our_bytes(text), system_bytes(text)) << text;
  }
}

TEST(IpAddress, ASpellingThatWasChangedAnyhowIsReadAsTheSystemReadsIt) {
  Seeded random;
  constexpr std::string_view kPieces = "0123456789abcdefF:.x%/ []g-+";
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random.below(2) == 0 ? std::string(kSpellings[random.below(std::size(kSpellings))])
                                            : system_spelling(random.address());
    for (auto changes = random.below(4); changes > 0; --changes) {
      const char piece = kPieces[random.below(kPieces.size())];
      const auto at = random.below(text.size() + 1);
      if (random.below(2) == 0 || at == text.size()) {
        text.insert(at, 1, piece);
      } else if (random.below(2) == 0) {
        text[at] = piece;
      } else {
        text.erase(at, 1);
      }
    }
    ASSERT_EQ(our_bytes(text), system_bytes(text)) << text << " " << random.say();
  }
}

TEST(IpAddress, IsSpelledInOneWayAndReadBack) {
  Seeded random;
  for (int i = 0; i < 100'000; ++i) {
    const auto address = address_of(random.address());
    const auto text = to_string(address);
    ASSERT_EQ(parse_ip_address(text), address) << text << " " << random.say();
    ASSERT_EQ(system_bytes(text), our_bytes(text)) << text << " " << random.say();
  }
}

// Section 4 and 5 of RFC 5952.
TEST(IpAddress, IsSpelledAsRfc5952Says) {
  const std::pair<const char*, const char*> spelled[] = {{"2001:0db8::0001", "2001:db8::1"},
                                                         {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
                                                         {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
                                                         {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
                                                         {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
                                                         {"2001:DB8::ABCD", "2001:db8::abcd"},
                                                         {"0:0:0:0:0:0:0:0", "::"},
                                                         {"1:0:0:0:0:0:0:0", "1::"},
                                                         {"0:0:0:0:0:0:0:1", "::1"},
                                                         {"0:0:0:0:0:ffff:c000:0201", "::ffff:192.0.2.1"},
                                                         {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"}};
  for (const auto& [given, expected] : spelled)
    EXPECT_EQ(to_string(parse_ip_address(given).value()), expected) << given;
  EXPECT_EQ(to_string(parse_ip_address("192.0.2.1").value(), 443), "192.0.2.1:443");
  EXPECT_EQ(to_string(parse_ip_address("2001:db8::1").value(), 443), "[2001:db8::1]:443");
}

TEST(IpAddress, AMappedOneLeadsToItsIpv4Address) {
  EXPECT_EQ(parse_ip_address("::ffff:10.1.2.3")->unmapped(), parse_ip_address("10.1.2.3"));
  for (const char* other : {"10.1.2.3", "::10.1.2.3", "::fffe:10.1.2.3", "1::ffff:10.1.2.3"})
    EXPECT_EQ(parse_ip_address(other)->unmapped(), parse_ip_address(other)) << other;
}

TEST(IpRange, HoldsItsFirstAndLastAddressAndNoneBeside) {
  struct Case {
    const char *range, *first, *last, *before, *after;
  };
  for (const auto& c :
       {Case{"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
        Case{"100.64.0.0/10", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
        Case{"192.0.2.8/31", "192.0.2.8", "192.0.2.9", "192.0.2.7", "192.0.2.10"},
        Case{"192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"},
        Case{"fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
             "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"},
        Case{"2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
             "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:8000::"},
        Case{"::1", "::1", "::1", "::", "::2"}}) {
    const auto range = parse_ip_range(c.range).value();
    for (const char* inside : {c.first, c.last})
      EXPECT_TRUE(range.contains(parse_ip_address(inside).value())) << c.range << " " << inside;
    for (const char* outside : {c.before, c.after})
      EXPECT_FALSE(range.contains(parse_ip_address(outside).value())) << c.range << " " << outside;
  }
}

TEST(IpRange, OfAllHoldsAllOfItsFamilyAndNoneOfTheOther) {
  const auto v4 = parse_ip_range("0.0.0.0/0").value();
  const auto v6 = parse_ip_range("::/0").value();
  const auto some_v4 = parse_ip_address("198.51.100.1").value();
  const auto some_v6 = parse_ip_address("2001:db8::1").value();
  EXPECT_TRUE(v4.contains(some_v4));
  EXPECT_FALSE(v4.contains(some_v6));
  EXPECT_TRUE(v6.contains(some_v6));
  EXPECT_FALSE(v6.contains(some_v4));
}

TEST(IpRange, RefusesWhatIsNoRange) {
  for (const char* text : {"",
                           "/",
                           "/8",
                           "10.0.0.0/",
                           "10.0.0.0/33",
                           "10.0.0.0/-1",
                           "10.0.0.0/08",
                           "10.0.0.0/8/8",
                           "10.0.0.0/x",
                           "10.0.0.0/8 ",
                           "10.0.0.1/8",
                           "10.0/8",
                           "10/8",
                           "::/129",
                           "::1/64",
                           "fe80::1%eth0",
                           "localhost",
                           "::ffff:10.0.0.0/104",
                           "::ffff:10.0.0.1",
                           "10.0.0.0-10.0.0.9",
                           "10.0.0.*"})
    EXPECT_FALSE(parse_ip_range(text)) << text;
}

}  // namespace
}  // namespace penstock
