#include "common/net/outgoing_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

using ::testing::HasSubstr;

struct Spelling {
  std::string text;
  std::string canonical = {};  // empty: refused
};

const std::string kLabel63(63, 'a');
// Four labels, 253 bytes.
const std::string kName253 = kLabel63 + "." + kLabel63 + "." + kLabel63 + "." + std::string(61, 'a');

const Spelling kSpellings[] = {
    {"https://example.com", "https://example.com/"},
    {"https://example.com/", "https://example.com/"},
    {"https://example.com?a=b", "https://example.com/?a=b"},
    {"https://example.com/hooks/1?token=x%20y&z", "https://example.com/hooks/1?token=x%20y&z"},
    {"https://Hooks.EXAMPLE.com/Path", "https://hooks.example.com/Path"},
    {"https://example.com:443/", "https://example.com/"},
    {"https://example.com:8443/", "https://example.com:8443/"},
    {"https://example.com:80/", "https://example.com:80/"},
    {"https://example.com:1/", "https://example.com:1/"},
    {"https://example.com:65535/", "https://example.com:65535/"},
    {"https://example.com/@me/a:b", "https://example.com/@me/a:b"},
    {"https://example.com?next=https://a@b:1/", "https://example.com/?next=https://a@b:1/"},
    {"https://example.com/a/../b//c/./", "https://example.com/a/../b//c/./"},
    {"https://example.com/?a[]=1", "https://example.com/?a[]=1"},
    {"https://example.com/%7e", "https://example.com/%7e"},
    {"https://localhost/", "https://localhost/"},
    {"https://a-b.c-d/", "https://a-b.c-d/"},
    {"https://1example.com/", "https://1example.com/"},
    {"https://1.example.com/", "https://1.example.com/"},
    {"https://127.0.0.1.example/", "https://127.0.0.1.example/"},
    {"https://0x7f.example/", "https://0x7f.example/"},
    {"https://example.0x7g/", "https://example.0x7g/"},
    {"https://face.b00c/", "https://face.b00c/"},
    {"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"},
    {"https://" + kLabel63 + ".example/", "https://" + kLabel63 + ".example/"},
    {"https://" + kName253 + "/", "https://" + kName253 + "/"},
    {"https://127.0.0.1/", "https://127.0.0.1/"},
    {"https://127.0.0.1:9/", "https://127.0.0.1:9/"},
    {"https://[::1]/", "https://[::1]/"},
    {"https://[2001:DB8::A]:8443/x", "https://[2001:db8::a]:8443/x"},
    {"https://[::ffff:127.0.0.1]/", "https://[::ffff:127.0.0.1]/"},

    // Schemes.
    {""},
    {"example.com"},
    {"//example.com/"},
    {"https:example.com"},
    {"https:/example.com"},
    {"https:///example.com"},
    {"https://"},
    {"https:///"},
    {"https://?a"},
    {"https://:443/"},
    {"http://example.com/"},
    {"HTTPS://example.com/"},
    {"ftp://example.com/"},
    {"file:///etc/passwd"},
    {"gopher://127.0.0.1:6379/_INFO"},
    {"javascript:alert(1)"},
    {"unix:/run/docker.sock"},
    {" https://example.com/"},
    {"https://example.com/ "},

    // Who is asked, to those who read it otherwise.
    {"https://user@example.com/"},
    {"https://user:password@example.com/"},
    {"https://@example.com/"},
    {"https://example.com@127.0.0.1/"},
    {"https://example.com:443@127.0.0.1/"},
    {"https://example.com#@127.0.0.1/"},
    {"https://example.com/#fragment"},
    {"https://example.com#"},
    {"https://example.com\\@127.0.0.1/"},
    {"https://example.com\\.evil.example/"},
    {"https:\\\\example.com/"},
    {"https://example.com;127.0.0.1/"},
    {"https://example.com,127.0.0.1/"},
    {"https://example.com&a/"},
    {"https://example.com%00.evil.example/"},
    {"https://example.com%2f@127.0.0.1/"},
    {"https://%65xample.com/"},
    {"https://127.0.0.1%20.example/"},
    {"https://127.0.0.1%2523/"},

    // Ports.
    {"https://example.com:/"},
    {"https://example.com:0/"},
    {"https://example.com:00443/"},
    {"https://example.com:0443/"},
    {"https://example.com:65536/"},
    {"https://example.com:4294967739/"},
    {"https://example.com:+443/"},
    {"https://example.com:-1/"},
    {"https://example.com:0x1bb/"},
    {"https://example.com:443:443/"},
    {"https://example.com:https/"},
    {"https://example.com:443a/"},

    // Names.
    {"https://example.com./"},
    {"https://.example.com/"},
    {"https://example..com/"},
    {"https://./"},
    {"https://-example.com/"},
    {"https://example-.com/"},
    {"https://exam_ple.com/"},
    {"https://exam*ple.com/"},
    {"https://*.example.com/"},
    {"https://exam!ple.com/"},
    {"https://b\xc3\xbc"
     "cher.example/"},
    {"https://\xe2\x93\x94xample.com/"},
    {"https://example\xe3\x80\x82"
     "com/"},
    {"https://" + kLabel63 + "a.example/"},
    {"https://" + kName253 + "a/"},

    // Addresses that some read as 127.0.0.1, and others that are not canonical.
    {"https://2130706433/"},
    {"https://0x7f000001/"},
    {"https://0X7F000001/"},
    {"https://017700000001/"},
    {"https://0x7f.1/"},
    {"https://0x7f.0.0.1/"},
    {"https://0177.0.0.1/"},
    {"https://0177.0.0.01/"},
    {"https://127.1/"},
    {"https://127.0.1/"},
    {"https://127.0.0.01/"},
    {"https://127.0.0.1./"},
    {"https://127.0.0.256/"},
    {"https://127.0.0.0x1/"},
    {"https://127.0.0.0x/"},
    {"https://127.0.0.1.2/"},
    {"https://example.1/"},
    {"https://example.0x1/"},
    {"https://256.256.256.256/"},
    {"https://0/"},
    {"https://0x/"},
    {"https://127\xef\xbc\x8e"
     "0.0.1/"},
    {"https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/"},
    {"https://[127.0.0.1]/"},
    {"https://[::1/"},
    {"https://::1/"},
    {"https://[]/"},
    {"https://[::1]443/"},
    {"https://[::1]:/"},
    {"https://[::1].example/"},
    {"https://a[::1]/"},
    {"https://[0:0:0:0:0:0:0:1]/"},
    {"https://[::0001]/"},
    {"https://[::ffff:7f00:1]/"},
    {"https://[0::1]/"},
    {"https://[fe80::1%25eth0]/"},
    {"https://[fe80::1%eth0]/"},
    {"https://[v1.fe80]/"},
    {"https://[::1]@example.com/"},

    // Bytes.
    {"https://example.com/a b"},
    {"https://example.com/a\tb"},
    {"https://example.com/\r\nHost: evil.example"},
    {"https://example.com\r\n/"},
    {std::string("https://example.com/\0", 21)},
    {std::string("https://example.com\0.evil.example/", 34)},
    {"https://example.com/\x7f"},
    {"https://example.com/\xc3\xbc"},
    {"https://example.com/\\"},
    {"https://example.com/\""},
    {"https://example.com/<a>"},
    {"https://example.com/^"},
    {"https://example.com/`"},
    {"https://example.com/{a}"},
    {"https://example.com/a|b"},
    {"https://example.com/%"},
    {"https://example.com/%4"},
    {"https://example.com/%4g"},
    {"https://example.com/?a=%zz"},
};

TEST(OutgoingUrl, EachSpellingIsTakenAsItStandsOrRefused) {
  for (const auto& spelling : kSpellings) {
    const auto url = parse_outgoing_url(spelling.text);
    EXPECT_EQ(url ? to_string(url.value()) : "", spelling.canonical) << spelling.text;
  }
}

TEST(OutgoingUrl, ItsOneSpellingIsReadAsTheSame) {
  for (const auto& spelling : kSpellings) {
    if (spelling.canonical.empty()) continue;
    const auto url = parse_outgoing_url(spelling.canonical);
    ASSERT_TRUE(url) << spelling.canonical;
    EXPECT_EQ(url.value(), parse_outgoing_url(spelling.text).value()) << spelling.text;
  }
}

TEST(OutgoingUrl, HasItsParts) {
  const auto named = parse_outgoing_url("https://Example.com:8443?a=b").value();
  EXPECT_EQ(named, (OutgoingUrl{true, "example.com", std::nullopt, 8443, "/?a=b"}));
  const auto literal = parse_outgoing_url("https://[::1]/x").value();
  EXPECT_EQ(literal, (OutgoingUrl{true, "::1", parse_ip_address("::1"), 443, "/x"}));
}

TEST(OutgoingUrl, CleartextIsTakenOnlyWhereItIsAllowed) {
  EXPECT_EQ(parse_outgoing_url("http://example.com/", true).value(),
            (OutgoingUrl{false, "example.com", std::nullopt, 80, "/"}));
  EXPECT_EQ(to_string(parse_outgoing_url("http://example.com:80", true).value()), "http://example.com/");
  EXPECT_EQ(to_string(parse_outgoing_url("http://example.com:443", true).value()), "http://example.com:443/");
  EXPECT_TRUE(parse_outgoing_url("https://example.com/", true).value().encrypted);
  EXPECT_FALSE(parse_outgoing_url("http://example.com/", false));
}

TEST(OutgoingUrl, HasTwoThousandAndFortyEightBytesAtMost) {
  const std::string start = "https://example.com/";
  EXPECT_TRUE(parse_outgoing_url(start + std::string(kUrlBytesMax - start.size(), 'a')));
  EXPECT_FALSE(parse_outgoing_url(start + std::string(kUrlBytesMax - start.size() + 1, 'a')));
}

// Its query may be a secret.
TEST(OutgoingUrl, ARefusalSaysWhatIsWrongAndRepeatsNothing) {
  const std::pair<const char*, const char*> refused[] = {
      {"http://secret.example/", "use https://"},   {"https://secret@example.com/", "user name"},
      {"https://example.com/#secret", "fragment"},  {"https://example.com/sec ret", "%XX"},
      {"https://example.com/%secret", "'%'"},       {"https://example.com:secret/", "port"},
      {"https://127.0.0.0177/secret", "canonical"}, {"https://se_cret.example/", "DNS name"}};
  for (const auto& [text, why] : refused) {
    const auto url = parse_outgoing_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid);
    EXPECT_THAT(url.error().detail, HasSubstr(why));
    EXPECT_EQ(url.error().detail.find("secret"), std::string::npos) << url.error().detail;
  }
}

}  // namespace
}  // namespace penstock
