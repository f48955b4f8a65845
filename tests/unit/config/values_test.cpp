#include "common/config/values.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(ParseAddress, TakesNamesIpv4AndBracketedIpv6) {
  EXPECT_EQ(parse_address("127.0.0.1:8080").value(), (Address{"127.0.0.1", 8080}));
  EXPECT_EQ(parse_address("[::1]:0").value(), (Address{"::1", 0}));
  EXPECT_EQ(parse_address("kafka-1.internal:65535").value(), (Address{"kafka-1.internal", 65535}));
}

TEST(ParseAddress, RefusesWhatCannotBeListenedOn) {
  for (const char* text : {"", ":", "8080", ":8080", "host:", "host:65536", "host:-1", "host:+1", "::1:8080",
                           "[]:1", "[::1]", "ho st:1", "host:80x", "user@host:1", "[host]:1"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(ParseAddress, IsSpelledBackAsItWas) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:0", "host:1"})
    EXPECT_EQ(to_string(parse_address(text).value()), text);
}

TEST(ParseDuration, CountsInEveryUnit) {
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("5s").value(), 5s);
  EXPECT_EQ(parse_duration("10m").value(), 10min);
  EXPECT_EQ(parse_duration("24h").value(), 24h);
  EXPECT_EQ(parse_duration("35d").value(), 35 * 24h);
}

TEST(ParseDuration, NeedsAUnitAndStaysInRange) {
  EXPECT_TRUE(parse_duration("106751991167d"));
  for (const char* text :
       {"", "5", "s", "-5s", "1.5s", "5 s", "5S", "5sec", "106751991168d", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ParseDurations, RefusesAnEmptyElement) {
  EXPECT_EQ(parse_durations("1h,6h,24h").value(), (std::vector<Milliseconds>{1h, 6h, 24h}));
  for (const char* text : {"", ",", "1h,", "1h, 6h", "1h;6h"}) EXPECT_FALSE(parse_durations(text)) << text;
}

TEST(ParseBytes, CountsInPowersOfTwo) {
  EXPECT_EQ(parse_bytes("512KiB").value(), Bytes{524288});
  EXPECT_EQ(parse_bytes("1MiB").value(), Bytes{1048576});
  EXPECT_EQ(parse_bytes("7B").value(), Bytes{7});
  for (const char* text : {"512", "512KB", "512kib", "0.5MiB", "9999999999999GiB"})
    EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(ParseIpRanges, TakesAddressesAndRangesOfBothFamilies) {
  const auto range = [](std::string_view text) { return parse_ip_range(text).value(); };
  EXPECT_EQ(parse_ip_ranges("").value(), std::vector<IpRange>{});
  EXPECT_EQ(parse_ip_ranges("10.1.2.3").value(), std::vector<IpRange>{range("10.1.2.3/32")});
  EXPECT_EQ(parse_ip_ranges("127.0.0.0/8,::1,fd00::/8").value(),
            (std::vector<IpRange>{range("127.0.0.0/8"), range("::1/128"), range("fd00::/8")}));
}

TEST(ParseIpRanges, RefusesWhatIsNoneAndSaysWhich) {
  for (const char* text :
       {",", "10.0.0.0/8,", ",::1", "10.0.0.0/8, ::1", "10.0.0.0/8;::1", "localhost", "10.0.0.1/8", "*",
        "10.*", "10.0.0.0-10.0.0.9", "[::1]", "127.0.0.1:80", "http://127.0.0.1"})
    EXPECT_FALSE(parse_ip_ranges(text)) << text;
  const auto refused = parse_ip_ranges("10.0.0.0/8,internal.example");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "has a part, number 2, that is no IP address and no address/prefix");
}

TEST(ParseIpRanges, MoreThanSixtyFourAreRefusedAndNoneIsDropped) {
  std::string text = "10.0.0.0";
  for (int i = 1; i < 64; ++i) text += ",10.0.0." + std::to_string(i);
  EXPECT_EQ(parse_ip_ranges(text).value().size(), 64U);
  EXPECT_FALSE(parse_ip_ranges(text + ",::1"));
}

TEST(ParseStripeSecrets, TakesSeveralAndKeepsInnerSpaces) {
  EXPECT_EQ(parse_stripe_secrets("whsec_0123456789,whsec 0123456789").value(),
            (std::vector<std::string>{"whsec_0123456789", "whsec 0123456789"}));
}

TEST(ParseStripeSecrets, RefusesEmptyAndPaddedOnes) {
  const std::string secret = "whsec_0123456789";
  for (const std::string& text :
       {std::string(), std::string(","), secret + ",", secret + ", " + secret, " " + secret, secret + "\n"})
    EXPECT_FALSE(parse_stripe_secrets(text)) << text;
}

TEST(ParseStripeSecrets, MoreThanSixteenAreRefusedAndNoneIsDropped) {
  const std::string secret = "whsec_0123456789";
  std::string text = secret;
  for (int i = 1; i < 16; ++i) text += "," + secret;
  EXPECT_EQ(parse_stripe_secrets(text).value().size(), 16U);
  const auto refused = parse_stripe_secrets(text + "," + secret);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("more than 16 secrets"), std::string::npos) << refused.error().detail;
}

TEST(ParseStripeSecrets, NeedsSixteenCharactersOfNoOtherKind) {
  EXPECT_TRUE(parse_stripe_secrets("0123456789abcdef"));
  EXPECT_FALSE(parse_stripe_secrets("0123456789abcde"));
  EXPECT_FALSE(parse_stripe_secrets("sk_test_0123456789abcdef"));
  EXPECT_TRUE(parse_stripe_secrets("sketch_0123456789abcdef"));
}

TEST(ParseToken, NeedsSixteenPrintableCharacters) {
  EXPECT_TRUE(parse_token("0123456789abcdef"));
  EXPECT_FALSE(parse_token("0123456789abcde"));
  EXPECT_FALSE(parse_token("0123456789 abcdef"));
  EXPECT_FALSE(parse_token("0123456789abcdef\r\n"));
}

TEST(ParseTopicPrefix, TakesWhatKafkaAllows) {
  EXPECT_TRUE(parse_topic_prefix(""));
  EXPECT_TRUE(parse_topic_prefix(std::string(200, 'a')));
  EXPECT_FALSE(parse_topic_prefix(std::string(201, 'a')));
  EXPECT_FALSE(parse_topic_prefix("pen/stock"));
}

TEST(ParseLogUrl, ChoosesTheAdapter) {
  EXPECT_EQ(parse_log_url("kafka://h1:9092,h2:9092").value(), LogUrl{KafkaUrl{"h1:9092,h2:9092"}});
  EXPECT_EQ(parse_log_url("sqlite:/data/log.db").value(), LogUrl{SqliteUrl{"/data/log.db"}});
  EXPECT_EQ(parse_log_url("").value(), LogUrl{});
  for (const char* text : {"kafka://", "kafka://h1", "kafka://h1:0", "kafka://h1:9092,", "kafka:h1:9092",
                           "sqlite:", "sqlite:///x", "redis://h:1", "log.db"})
    EXPECT_FALSE(parse_log_url(text)) << text;
}

TEST(ParseStoreUrl, ChoosesTheAdapter) {
  EXPECT_EQ(parse_store_url("postgresql://u:p@h/db").value(), StoreUrl{PostgresUrl{"postgresql://u:p@h/db"}});
  EXPECT_EQ(parse_store_url("sqlite:state.db").value(), StoreUrl{SqliteUrl{"state.db"}});
  for (const char* text : {"mysql://h/db", "postgresql:h", "kafka://h:1"})
    EXPECT_FALSE(parse_store_url(text)) << text;
}

// libpq would take a part of the password for the host, and show it.
TEST(ParseStoreUrl, AsksForAPasswordThatIsPercentEncoded) {
  for (const char* text :
       {"postgresql://u:p%40%2F%3F@h:5432/db?sslmode=require", "postgres://h/db?user=a@b", "postgresql:///db",
        "postgres://h?user=a@b", "postgres://h:1?user=a@b", "postgresql://h1:1,h2:2/db"})
    EXPECT_TRUE(parse_store_url(text)) << text;
  for (const char* text :
       {"postgresql://u:p@ss@h/db", "postgresql://u:p/ss@h/db", "postgres://u:p?ss@h/db"}) {
    const auto refused = parse_store_url(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().detail.find("ss@h"), std::string::npos) << refused.error().detail;
    EXPECT_NE(refused.error().detail.find("%40"), std::string::npos) << refused.error().detail;
  }
}

TEST(ParseRedisUrl, TakesDatabaseUserAndPassword) {
  EXPECT_EQ(parse_redis_url("redis://h:6379/0").value(), (RedisUrl{{"h", 6379}, "", "", 0}));
  EXPECT_EQ(parse_redis_url("redis://h:6379").value(), (RedisUrl{{"h", 6379}, "", "", 0}));
  EXPECT_EQ(parse_redis_url("redis://:p%40ss@h:6379/3").value(), (RedisUrl{{"h", 6379}, "", "p@ss", 3}));
  EXPECT_EQ(parse_redis_url("redis://bob:x@[::1]:1/15").value(), (RedisUrl{{"::1", 1}, "bob", "x", 15}));
  EXPECT_EQ(parse_redis_url("").value(), std::nullopt);
}

TEST(ParseRedisUrl, APasswordIsDecodedOnceAndAPlusStays) {
  EXPECT_EQ(parse_redis_url("redis://:a+b%2Bc%2540%3a%2f@h:1").value()->password, "a+b+c%40:/");
  EXPECT_EQ(parse_redis_url("redis://a%3Ab:%C3%A9@h:1").value()->username, "a:b");
}

TEST(ParseRedisUrl, RefusesWhatItWouldNotHonour) {
  for (const char* text : {"rediss://h:1", "h:6379", "redis://h", "redis://h:0", "redis://h:1/x",
                           "redis://h:1/-1", "redis://bob@h:1", "redis://:%4@h:1", "redis://:%zz@h:1",
                           "redis://:%@h:1", "redis://%g0:x@h:1", "redis://:% 1@h:1", "redis://:%+1@h:1"})
    EXPECT_FALSE(parse_redis_url(text)) << text;
}

TEST(ParseOrigin, IsAHostAloneInOneSpelling) {
  EXPECT_EQ(parse_origin("https://Hooks.Example.com").value(), "https://hooks.example.com");
  EXPECT_EQ(parse_origin("https://hooks.example.com:443/").value(), "https://hooks.example.com");
  EXPECT_EQ(parse_origin("http://127.0.0.1:8080").value(), "http://127.0.0.1:8080");
  EXPECT_EQ(parse_origin("http://[::1]:8080").value(), "http://[::1]:8080");
  for (const auto* text : {"", "hooks.example.com", "https://h/path", "https://h/?q", "https://u@h",
                           "ftp://h", "https://h#f", "https://"})
    EXPECT_FALSE(parse_origin(text)) << text;
}

TEST(RedactUrl, HidesPasswordsOnly) {
  EXPECT_EQ(redact_url("postgresql://u:hunter2@h:5432/db"), "postgresql://u:***@h:5432/db");
  EXPECT_EQ(redact_url("postgresql://u:p@ss@h/db"), "postgresql://u:***@h/db");
  EXPECT_EQ(redact_url("postgresql://h/db?password=hunter2&sslmode=require"),
            "postgresql://h/db?password=***&sslmode=require");
  EXPECT_EQ(redact_url("postgresql://h/db?sslpassword=hunter2&password=hunter2"),
            "postgresql://h/db?sslpassword=***&password=***");
  EXPECT_EQ(redact_url("postgresql://h/db?password=password=&sslpassword="),
            "postgresql://h/db?password=***&sslpassword=***");
  EXPECT_EQ(redact_url("redis://:hunter2@h:1"), "redis://:***@h:1");
  EXPECT_EQ(redact_url("postgresql://u@h:5432/db"), "postgresql://u@h:5432/db");
  EXPECT_EQ(redact_url("sqlite:/a/b"), "sqlite:/a/b");
}

}  // namespace
}  // namespace penstock
