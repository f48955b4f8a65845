#include "workers/sources/api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::StartsWith;

const EventKey kKey{"api/acme:order-17"};
const Timestamp kAt = timestamp_from_unix_ms(1'700'000'000'000);

ReadEvent read(std::string_view body, std::string_view source = "api/acme",
               std::string_view type = "payment.confirmed") {
  return Sources({api_source()}).read({kKey, source, type, kAt, body, {}});
}

TEST(ApiSource, AConfirmationIsOfThePaymentThatItNamesAndOfTheKeysOrg) {
  const auto event = read(R"({"payment_id": "pi_1"})");
  ASSERT_TRUE(event.facts);
  const auto& facts = std::get<ConfirmationFacts>(event.facts.value());
  EXPECT_EQ(facts.payment, "pi_1");
  EXPECT_EQ(facts.meta.key, kKey);
  EXPECT_EQ(facts.meta.org, "acme");
  EXPECT_EQ(facts.meta.created, kAt);
  EXPECT_EQ(event.entity, "pi_1");
  const auto of_default = read(R"({"payment_id": "cs_1"})", "api/default");
  EXPECT_EQ(std::get<ConfirmationFacts>(of_default.facts.value()).meta.org, std::nullopt);
}

TEST(ApiSource, WhatNoDoorOfOursWouldWriteIsNoEvent) {
  for (const char* body : {"", "{}", "[]", R"({"payment_id": 1})", R"({"payment_id": "ch_1"})"}) {
    const auto event = read(body);
    ASSERT_FALSE(event.facts) << body;
    EXPECT_EQ(event.facts.error().code, ErrorCode::invalid) << body;
  }
  for (const char* source : {"api", "api/", "api/Acme", "api/a/b"}) {
    const auto event = read(R"({"payment_id": "cs_1"})", source);
    ASSERT_FALSE(event.facts) << source;
    EXPECT_THAT(event.facts.error().detail, StartsWith("wrong_shape: ")) << source;
  }
}

TEST(ApiSource, AnotherTypeHasNoHandler) {
  EXPECT_TRUE(std::holds_alternative<UnhandledFacts>(read("{}", "api/acme", "reward.claimed").facts.value()));
}

}  // namespace
}  // namespace penstock
