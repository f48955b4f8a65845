// Whatever way a private address is spelled, nothing is sent to it: a table of spellings, changed anyhow, against how the system
// itself reads a host.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "common/net/address_policy.h"
#include "common/net/outgoing_url.h"

namespace penstock {
namespace {

using Bytes = IpAddress::V4Bytes;

const std::vector<Bytes> kPrivate = {
    {127, 0, 0, 1},    {127, 255, 255, 254}, {10, 0, 0, 1},    {172, 16, 0, 1},  {172, 31, 255, 255},
    {192, 168, 1, 1},  {169, 254, 169, 254}, {100, 64, 0, 1},  {100, 127, 0, 9}, {0, 0, 0, 0},
    {224, 0, 0, 1},    {255, 255, 255, 255}, {192, 0, 0, 192}, {192, 0, 2, 1},   {198, 18, 0, 1},
    {198, 51, 100, 1}, {203, 0, 113, 1},     {240, 0, 0, 1},   {192, 88, 99, 1}};
const std::vector<std::string> kPrivateV6 = {
    "::",          "::1",           "fe80::1",         "fc00::1",      "fd12:3456::1", "ff02::1",
    "2001:db8::1", "2001::1",       "64:ff9b:1::1",    "100::1",       "3fff::1",      "5f00::1",
    "fec0::1",     "2002:7f00:1::", "64:ff9b::7f00:1", "::ffff:7f00:1"};

std::string number(unsigned value, int base, int width = 0) {
  char text[40];
  std::snprintf(text, sizeof text, base == 16 ? "0x%0*x" : base == 8 ? "0%0*o" : "%0*u", width, value);
  return text;
}

// What browsers, libcs and other parsers are known to take for that address.
std::vector<std::string> spellings_of(const Bytes& b) {
  const unsigned whole = (unsigned{b[0]} << 24) | (unsigned{b[1]} << 16) | (unsigned{b[2]} << 8) | b[3];
  std::vector<std::string> all;
  for (const int base : {10, 8, 16}) {
    const auto part = [&](unsigned value) { return number(value, base); };
    all.push_back(part(b[0]) + "." + part(b[1]) + "." + part(b[2]) + "." + part(b[3]));
    all.push_back(part(b[0]) + "." + part(b[1]) + "." + part((unsigned{b[2]} << 8) | b[3]));
    all.push_back(part(b[0]) + "." + part((unsigned{b[1]} << 16) | (unsigned{b[2]} << 8) | b[3]));
    all.push_back(part(whole));
  }
  const std::string dotted = all.front();
  all.push_back(number(b[0], 16) + "." + number(b[1], 10) + "." + number(b[2], 8) + "." + number(b[3], 10));
  all.push_back("0" + dotted);
  all.push_back("00000" + dotted);
  all.push_back(dotted + ".");
  all.push_back(std::to_string(0x100000000ULL + whole));
  char hex[16];
  std::snprintf(hex, sizeof hex, "%x:%x", whole >> 16, whole & 0xFFFF);
  const std::string pair(hex);
  for (const std::string& inside :
       {"::ffff:" + pair, "::ffff:" + dotted, "0:0:0:0:0:FFFF:" + pair, "::" + pair, "::" + dotted,
        "64:ff9b::" + pair, "64:ff9b::" + dotted, "64:ff9b:1::" + pair,
        "2002:" + pair + "::", "2002:" + pair + ":0:0:0:0:1", "::ffff:0:" + pair, "2001:0:" + pair + "::1",
        "fe80::" + pair, std::string("::1%25lo"), "::ffff:" + dotted + "%251"})
    all.push_back("[" + inside + "]");
  return all;
}

std::vector<std::string> hosts() {
  std::vector<std::string> all{"localhost",
                               "LOCALHOST",
                               "localhost.",
                               "[::1%25eth0]",
                               "[0:0:0:0:0:0:0:1]",
                               "[::0001]",
                               "ⓛocalhost",
                               "127。0。0。1",
                               "１２７.0.0.1",
                               "127.1",
                               "0",
                               "[::]",
                               "%6cocalhost",
                               "127.0.0.1%00.example.com"};
  for (const auto& address : kPrivate)
    for (auto& spelling : spellings_of(address)) all.push_back(std::move(spelling));
  for (const auto& address : kPrivateV6) {
    all.push_back("[" + address + "]");
    all.push_back("[" + address + "%25lo]");
    all.push_back(address);
  }
  return all;
}

// The address, when the system takes the text for one without asking anybody.
std::optional<IpAddress> as_the_system_reads(const std::string& host) {
  in_addr v4{};
  if (inet_aton(host.c_str(), &v4) != 0) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4.s_addr);
    return IpAddress(Bytes{bytes[0], bytes[1], bytes[2], bytes[3]});
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return std::nullopt;
  IpAddress::V6Bytes bytes{};
  std::copy(std::begin(v6.s6_addr), std::end(v6.s6_addr), bytes.begin());
  return IpAddress(bytes);
}

// What is taken must be a public address, or a name that nobody reads as an address; "localhost" is judged when it is looked up.
void expect_harmless(const std::string& text) {
  const auto url = parse_outgoing_url(text, true);
  if (!url) return;
  static const AddressPolicy policy;
  if (url.value().literal) {
    const Destination to{*url.value().literal, url.value().port, url.value().encrypted};
    if (policy.refusal(to)) return;
    EXPECT_EQ(as_the_system_reads(url.value().host), url.value().literal) << text;
    return;
  }
  EXPECT_FALSE(as_the_system_reads(url.value().host))
      << text << " is an address to the system, and a name to us";
}

TEST(PrivateUrls, EverySpellingOfAPrivateAddressIsRefused) {
  static const AddressPolicy policy;
  int refused = 0;
  for (const auto& host : hosts()) {
    for (const char* around :
         {"https://%s/", "https://%s", "http://%s:8080/a?b=c", "https://%s:443/", "HTTPS://%s/",
          "https://%s:00443/", "https://user@%s/", "https://public.example@%s/", "https://%s@public.example/",
          "https://%s#@public.example/", "https://%s\\@public.example/", "https:/%s/", "https:%s", "//%s/",
          "https://\t%s/", " https://%s/", "https://%s /", "https://public.example\r\nHost: %s/"}) {
      std::string text(around);
      text.replace(text.find("%s"), 2, host);
      SCOPED_TRACE(text);
      const auto url = parse_outgoing_url(text, true);
      if (url && url.value().literal) {
        EXPECT_TRUE(policy.refusal({*url.value().literal, url.value().port, url.value().encrypted}));
      }
      if (!url || url.value().literal) ++refused;
      expect_harmless(text);
      if (url && !url.value().literal) {
        EXPECT_TRUE(is_loopback(url.value())) << "a name that is none of ours";
      }
    }
  }
  EXPECT_GT(refused, 5'000);
}

TEST(PrivateUrls, NorIsOneLetInThatWasChangedAnyhow) {
  const char* given = std::getenv("PENSTOCK_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("PENSTOCK_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto pick = [&](std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
  };
  const auto all = hosts();
  constexpr std::string_view kBytes = "0123456789abcdefxX.:[]%@/\\#?-_ \t\0\xC2\xAD\xE3\x80\x82";
  for (int n = 0; n < 200'000; ++n) {
    std::string text = "https://" + all[pick(all.size())] + "/";
    for (std::size_t changes = pick(4); changes > 0; --changes) {
      const std::size_t at = 8 + pick(text.size() - 8);
      const char byte = kBytes[pick(kBytes.size())];
      switch (pick(3)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1);
      }
      if (text.size() < 10) text += "1/";
    }
    expect_harmless(text);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace penstock
