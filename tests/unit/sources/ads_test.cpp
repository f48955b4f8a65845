#include "workers/sources/ads/ads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::StartsWith;

const std::string kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";
const EventKey kKey{"ads:ads-0-7"};
const Timestamp kAt = timestamp_from_unix_ms(1'700'000'000'000);

ReadEvent read(std::string_view type, const Headers& headers, std::string_view body = {}) {
  return Sources({ads_source()}).read({kKey, "ads", type, kAt, body, headers});
}

TEST(AdsSource, AnImpressionIsOfTheAdThatItsHeaderNames) {
  for (const char* body : {"", "{}", "\xff\xfe", "{\"ad\": \"another\"}"}) {
    const auto event = read("ad.impression", {{"ce_subject", kAd}}, body);
    ASSERT_TRUE(event.facts) << body;
    const auto& facts = std::get<ImpressionFacts>(event.facts.value());
    EXPECT_EQ(facts.ad, kAd);
    ASSERT_EQ(facts.impressions.size(), 1U);
    EXPECT_EQ(facts.impressions.front().event, kKey);
    EXPECT_EQ(facts.impressions.front().at, kAt);
  }
}

TEST(AdsSource, WithoutAnAdItIsNone) {
  for (const Headers& headers : {Headers{}, Headers{{"ce_subject", ""}}, Headers{{"ce_subject", "ad_1"}},
                                 Headers{{"ce_subject", "0F8FAD5B-D9CB-469F-A165-70867728950E"}}}) {
    const auto event = read("ad.impression", headers);
    ASSERT_FALSE(event.facts);
    EXPECT_THAT(event.facts.error().detail, StartsWith("wrong_shape: "));
  }
}

TEST(AdsSource, AnotherTypeHasNoHandler) {
  const auto event = read("ad.click", {{"ce_subject", kAd}});
  ASSERT_TRUE(event.facts);
  EXPECT_EQ(std::get<UnhandledFacts>(event.facts.value()).reason, "no_handler");
}

}  // namespace
}  // namespace penstock
