#include "common/core/ip_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::HasSubstr;

IpAddress ip(std::string_view text) {
  const auto address = parse_ip_address(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress{});
}

Network network(std::string_view text) {
  const auto parsed = parse_network(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().detail;
  return parsed.value();
}

TEST(ParseIpAddress, OneAddressIsOneWhateverItsSpelling) {
  for (const char* text : {"2001:db8::1", "2001:0db8:0:0:0:0:0:1", "2001:DB8:0:0::1", "2001:db8::0:1"})
    EXPECT_EQ(ip(text), ip("2001:db8:0:0:0:0:0:1")) << text;
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_EQ(ip("::ffff:c000:201"), ip("192.0.2.1"));
  EXPECT_EQ(ip("::"), IpAddress{});
  EXPECT_EQ(ip("1::").bytes, (std::array<std::uint8_t, 16>{0, 1}));
  EXPECT_EQ(ip("64:ff9b::192.0.2.33"), ip("64:ff9b::c000:221"));
  EXPECT_EQ(ip("1:2:3:4:5:6:7::"), ip("1:2:3:4:5:6:7:0"));
  EXPECT_EQ(ip("::2:3:4:5:6:7:8"), ip("0:2:3:4:5:6:7:8"));
}

TEST(ParseIpAddress, SaysWhichAreOfVersionFour) {
  EXPECT_TRUE(ip("0.0.0.0").is_v4());
  EXPECT_TRUE(ip("255.255.255.255").is_v4());
  EXPECT_FALSE(ip("::").is_v4());
  EXPECT_FALSE(ip("::192.0.2.1").is_v4());
}

TEST(ParseIpAddress, RefusesWhatSomebodyCouldReadOtherwise) {
  for (const char* text :
       {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ",
        " 1.2.3.4", "1..3.4", ".1.2.3", "1.2.3.", "-1.2.3.4", "+1.2.3.4", "1.2.3.4/8", "1.2.3.4:80"})
    EXPECT_FALSE(parse_ip_address(text)) << text;
  for (const char* text : {":",
                           ":::",
                           "1:",
                           ":1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "g::",
                           "::1%eth0",
                           "[::1]",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "1:::2",
                           "::-1",
                           "::+1"})
    EXPECT_FALSE(parse_ip_address(text)) << text;
}

TEST(Network, HoldsItsOwnAddressesAndNoOther) {
  EXPECT_TRUE(network("10.0.0.0/8").contains(ip("10.255.255.255")));
  EXPECT_FALSE(network("10.0.0.0/8").contains(ip("11.0.0.0")));
  EXPECT_TRUE(network("192.0.2.128/25").contains(ip("192.0.2.128")));
  EXPECT_FALSE(network("192.0.2.128/25").contains(ip("192.0.2.127")));
  EXPECT_TRUE(network("192.0.2.1").contains(ip("::ffff:192.0.2.1")));
  EXPECT_FALSE(network("192.0.2.1").contains(ip("192.0.2.2")));
  EXPECT_TRUE(network("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(network("2001:db8::/33").contains(ip("2001:db8:8000::1")));
  EXPECT_TRUE(network("0.0.0.0/0").contains(ip("203.0.113.9")));
  EXPECT_FALSE(network("0.0.0.0/0").contains(ip("2001:db8::1"))) << "that is all of IPv4";
  EXPECT_TRUE(network("::/0").contains(ip("203.0.113.9")));
}

TEST(ParseNetwork, RefusesWhatIsNone) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0/8",
                           "host/8", "::/129", "10.0.0.0/8/8", "10.0.0.0-10.0.0.9"})
    EXPECT_FALSE(parse_network(text)) << text;
}

TEST(ParseNetwork, RefusesBitsThatThePrefixLeavesOut) {
  for (const char* text : {"10.0.0.1/8", "192.0.2.1/31", "2001:db8::1/64", "::1/0"}) {
    const auto parsed = parse_network(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().detail, HasSubstr("bits set beyond its prefix")) << text;
  }
  EXPECT_TRUE(parse_network("10.0.0.1/32"));
  EXPECT_TRUE(parse_network("2001:db8::1/128"));
}

}  // namespace
}  // namespace penstock
