#include "common/http/server/client_address.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

const std::vector<IpRange>& proxies() {
  static const std::vector<IpRange> networks = {parse_ip_range("10.0.0.0/8").value(),
                                                parse_ip_range("2001:db8:ffff::/48").value()};
  return networks;
}

// Who that peer speaks for, with these X-Forwarded-For fields.
std::string client_of(const std::string& peer, const std::vector<std::string>& fields,
                      std::span<const IpRange> trusted = proxies()) {
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const auto& field : fields) text += "X-Forwarded-For: " + field + "\r\n";
  const Request request(std::get<RequestHead>(parse_head(text + "\r\n")), peer, {});
  const auto client = client_address(request, trusted);
  if (!client.text.empty()) {
    EXPECT_EQ(parse_ip_address(client.text).value().unmapped(), client.address) << client.text;
  }
  return std::string(client.text);
}

std::uint64_t group_of(std::string_view address) { return client_group(parse_ip_address(address).value()); }

TEST(ClientAddress, IsThePeerWhateverAStrangerSays) {
  EXPECT_EQ(client_of("203.0.113.9", {}), "203.0.113.9");
  EXPECT_EQ(client_of("203.0.113.9", {"192.0.2.1"}), "203.0.113.9");
  EXPECT_EQ(client_of("10.1.2.3", {"192.0.2.1"}, {}), "10.1.2.3") << "nobody is trusted";
}

TEST(ClientAddress, IsWhoeverCameToOurProxy) {
  EXPECT_EQ(client_of("10.1.2.3", {"203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(client_of("::ffff:10.1.2.3", {"203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(client_of("2001:db8:ffff::1", {"2001:db8::9"}), "2001:db8::9");
}

TEST(ClientAddress, IsTheRightMostThatIsNoProxyOfOurs) {
  EXPECT_EQ(client_of("10.1.2.3", {"192.0.2.66, 203.0.113.9, 10.7.7.7"}), "203.0.113.9")
      << "what stands left of it anybody can have written";
  EXPECT_EQ(client_of("10.1.2.3", {"192.0.2.66", "203.0.113.9 ,10.7.7.7"}), "203.0.113.9")
      << "fields are one list";
  EXPECT_EQ(client_of("10.1.2.3", {"203.0.113.9", "10.7.7.7", "10.8.8.8"}), "203.0.113.9");
}

TEST(ClientAddress, IsTheFirstProxyWhenThereIsNobodyElse) {
  EXPECT_EQ(client_of("10.1.2.3", {}), "10.1.2.3");
  EXPECT_EQ(client_of("10.1.2.3", {"10.9.9.9, 10.7.7.7"}), "10.9.9.9");
}

TEST(ClientAddress, StopsAtWhatIsNoAddress) {
  for (const char* field :
       {"unknown", "_hidden", "203.0.113.9, garbage", "203.0.113.9,", "203.0.113.09", ",", ""})
    EXPECT_EQ(client_of("10.1.2.3", {field}), "10.1.2.3") << field;
  EXPECT_EQ(client_of("10.1.2.3", {"203.0.113.9, unknown, 10.7.7.7"}), "10.7.7.7");
}

TEST(ClientAddress, TakesAddressesWithPorts) {
  EXPECT_EQ(client_of("10.1.2.3", {"203.0.113.9:4711"}), "203.0.113.9");
  EXPECT_EQ(client_of("10.1.2.3", {"[2001:db8::9]:4711"}), "2001:db8::9");
  EXPECT_EQ(client_of("10.1.2.3", {"[2001:db8::9]"}), "2001:db8::9");
  for (const char* field : {"[2001:db8::9", "[]", "[", ":4711"})
    EXPECT_EQ(client_of("10.1.2.3", {field}), "10.1.2.3") << field;
}

TEST(ClientGroup, AnIpv6HostIsItsSlash64AndAnIpv4HostItself) {
  EXPECT_EQ(group_of("2001:db8:1:2::1"), group_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(group_of("2001:db8:1:2::1"), group_of("2001:db8:1:3::1"));
  EXPECT_EQ(group_of("192.0.2.1"), group_of("::ffff:192.0.2.1"));
  EXPECT_NE(group_of("192.0.2.1"), group_of("192.0.2.2"));
  EXPECT_NE(group_of("192.0.2.1"), group_of("::1"));
}

}  // namespace
}  // namespace penstock::http
