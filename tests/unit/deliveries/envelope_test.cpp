#include "workers/deliveries/envelope.h"

#include <gmock/gmock.h>

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const std::vector<std::string> kSecret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
// The example that Standard Webhooks' own libraries are tested with.
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::string_view kBody = R"({"test": 2432232314})";
const Timestamp kAt = timestamp_from_unix_ms(1'614'265'330'999);

std::string field(const HttpFields& fields, std::string_view name) {
  for (const auto& [each, value] : fields)
    if (each == name) return value;
  return {};
}

TEST(Envelope, IsSignedAsStandardWebhooksSays) {
  const auto fields = signed_fields(kId, kBody, kSecret, kAt);
  EXPECT_EQ(field(fields, "webhook-id"), kId);
  EXPECT_EQ(field(fields, "webhook-timestamp"), "1614265330");
  EXPECT_EQ(field(fields, "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(field(fields, "Content-Type"), "application/json");
}

TEST(Envelope, IsSignedByTheSecretAsItStandsForXSignature) {
  const auto fields =
      signed_fields("e", "The quick brown fox jumps over the lazy dog", std::vector<std::string>{"key"}, kAt);
  EXPECT_EQ(field(fields, "X-Signature"), "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  EXPECT_EQ(field(fields, "X-Signature-Previous"), "");
}

TEST(Envelope, OfTwoSecretsBothSign) {
  const std::vector<std::string> secrets{"another secret of ours", kSecret.front()};
  const auto fields = signed_fields(kId, kBody, secrets, kAt);
  EXPECT_THAT(
      field(fields, "webhook-signature"),
      ::testing::MatchesRegex("v1,[A-Za-z0-9+/]{43}= v1,g0hM9SsE\\+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
  const auto alone = signed_fields(kId, kBody, kSecret, kAt);
  EXPECT_EQ(field(fields, "X-Signature-Previous"), field(alone, "X-Signature"));
  EXPECT_NE(field(fields, "X-Signature"), field(alone, "X-Signature"));
}

TEST(Envelope, HasTheFourMembersOfTheContract) {
  OutboxRow event{"0190", "payment.succeeded", "acme", {"stripe:evt_1"}, R"({"amount":5})", {}, {}};
  EXPECT_EQ(
      envelope(event, timestamp_from_unix_ms(1'753'463'561'000)),
      R"({"id":"0190","type":"payment.succeeded","timestamp":"2025-07-25T17:12:41Z","data":{"amount":5}})");
  event.happened_at = timestamp_from_unix_ms(1'753'463'561'123);
  EXPECT_EQ(
      envelope(event, {}),
      R"({"id":"0190","type":"payment.succeeded","timestamp":"2025-07-25T17:12:41.123Z","data":{"amount":5}})");
}

TEST(Envelope, WhatAnOrgHasPublishedIsToldUnderTheIdThatItGave) {
  EXPECT_EQ(envelope_id("events/acme:reward-7"), "reward-7");
  EXPECT_EQ(envelope_id("events/acme:a:b"), "a:b");
  EXPECT_EQ(envelope_id("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), "6ba7b811-9dad-11d1-80b4-00c04fd430c8");
}

TEST(Envelope, NoPhaseOfARequestTakesLongerThanTheWhole) {
  const auto quick = request_to("https://receiver.example/", {{"a", "b"}}, "{}", Milliseconds{100}).deadlines;
  EXPECT_EQ(quick.resolve, Milliseconds{100});
  EXPECT_EQ(quick.connect, Milliseconds{100});
  EXPECT_EQ(quick.first_byte, Milliseconds{100});
  EXPECT_EQ(quick.whole, Milliseconds{100});
  const auto slow = request_to("https://receiver.example/", {}, "{}", std::chrono::seconds{60});
  EXPECT_EQ(slow.deadlines.connect, SendDeadlines{}.connect);
  EXPECT_EQ(slow.deadlines.whole, std::chrono::seconds{60});
}

}  // namespace
}  // namespace penstock
