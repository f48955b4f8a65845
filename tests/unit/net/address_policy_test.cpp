#include "common/net/address_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

using ::testing::HasSubstr;

IpAddress address(const std::string& text) { return parse_ip_address(text).value(); }

bool is_refused(const AddressPolicy& policy, const std::string& text) {
  return policy.refusal({address(text), 443, true}).has_value();
}

AddressPolicy allowing(std::initializer_list<const char*> ranges) {
  std::vector<IpRange> allowed;
  for (const char* range : ranges) allowed.push_back(parse_ip_range(range).value());
  return AddressPolicy(std::move(allowed));
}

// What each range must refuse, its ends, and what lies just outside of it: public, or empty where the neighbour is
// refused too.
struct Edges {
  const char *first, *last;
  const char *before, *after;
};
constexpr Edges kRefused[] = {
    {"0.0.0.0", "0.255.255.255", "", "1.0.0.0"},
    {"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
    {"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
    {"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
    {"168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"},
    {"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
    {"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
    {"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
    {"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
    {"192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
    {"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
    {"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
    {"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
    {"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
    {"224.0.0.0", "239.255.255.255", "223.255.255.255", ""},
    {"240.0.0.0", "255.255.255.255", "", ""},

    {"::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::"},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:200::"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db9::"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff:1000::"},
    {"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
};

TEST(AddressPolicy, RefusesEachSpecialRangeToItsEndsAndNothingBeside) {
  const AddressPolicy policy;
  for (const auto& edges : kRefused) {
    for (const std::string inside : {edges.first, edges.last})
      EXPECT_TRUE(is_refused(policy, inside)) << inside;
    for (const std::string outside : {edges.before, edges.after})
      EXPECT_FALSE(!outside.empty() && is_refused(policy, outside)) << outside;
  }
}

TEST(AddressPolicy, RefusesWhatCloudsUseForMetadata) {
  for (const char* metadata : {"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16",
                               "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe"})
    EXPECT_TRUE(is_refused(AddressPolicy(), metadata)) << metadata;
}

TEST(AddressPolicy, RefusesEveryWayToSpellLoopbackInsideOfIpv6) {
  for (const char* spelled : {"::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::127.0.0.1",
                              "64:ff9b:1::127.0.0.1", "2002:7f00:1::", "2001:0:7f00:1::",
                              "2001::ffff:80ff:fffe", "::ffff:0:127.0.0.1"})
    EXPECT_TRUE(is_refused(AddressPolicy(), spelled)) << spelled;
}

TEST(AddressPolicy, AMappedAddressIsJudgedAsTheOneThatItLeadsTo) {
  for (const auto& edges : kRefused) {
    if (std::string(edges.first).find(':') != std::string::npos) continue;
    const auto mapped = [](const std::string& v4) { return "::ffff:" + v4; };
    for (const std::string inside : {edges.first, edges.last})
      EXPECT_TRUE(is_refused(AddressPolicy(), mapped(inside))) << inside;
    for (const std::string outside : {edges.before, edges.after})
      EXPECT_FALSE(!outside.empty() && is_refused(AddressPolicy(), mapped(outside))) << outside;
  }
  EXPECT_FALSE(is_refused(allowing({"127.0.0.0/8"}), "::ffff:127.0.0.1"));
}

TEST(AddressPolicy, WhatIsAllowedIsConnectedToOnAnyPortAndInCleartext) {
  const auto policy = allowing({"10.1.0.0/16", "::1", "1.1.1.1"});
  for (const char* inside : {"10.1.0.0", "10.1.255.255", "::1", "1.1.1.1"})
    EXPECT_FALSE(policy.refusal({address(inside), 8080, false})) << inside;
  for (const char* outside : {"10.0.255.255", "10.2.0.0", "::", "::2", "127.0.0.1"})
    EXPECT_TRUE(is_refused(policy, outside)) << outside;
}

TEST(AddressPolicy, PublicAddressesAreConnectedToOverTlsOnTwoPortsAlone) {
  const AddressPolicy policy;
  for (const char* host : {"1.1.1.1", "2606:4700:4700::1111"}) {
    EXPECT_FALSE(policy.refusal({address(host), 443, true}));
    EXPECT_FALSE(policy.refusal({address(host), 8443, true}));
    for (const int port : {1, 22, 25, 80, 442, 444, 6379, 8442, 8444, 9092, 65535})
      EXPECT_TRUE(policy.refusal({address(host), static_cast<std::uint16_t>(port), true})) << port;
    for (const int port : {80, 443, 8443})
      EXPECT_TRUE(policy.refusal({address(host), static_cast<std::uint16_t>(port), false})) << port;
  }
}

TEST(AddressPolicy, SaysWhichAddressAndWhy) {
  const AddressPolicy policy;
  EXPECT_EQ(policy.refusal({address("10.1.2.3"), 443, true}), "10.1.2.3 is a private network (RFC 1918)");
  EXPECT_EQ(policy.refusal({address("::ffff:127.0.0.1"), 443, true}),
            "::ffff:127.0.0.1 is this machine (RFC 1122)");
  EXPECT_THAT(policy.refusal({address("1.1.1.1"), 25, true}).value(), HasSubstr("ports 443 and 8443"));
  EXPECT_THAT(policy.refusal({address("1.1.1.1"), 80, false}).value(), HasSubstr("https"));
}

}  // namespace
}  // namespace penstock
