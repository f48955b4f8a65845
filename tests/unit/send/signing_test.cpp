#include "deploy/standalone/send/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingress/signatures/schemes.h"
#include "tests/unit/signatures/heads.h"

namespace penstock::send {
namespace {

using std::chrono::seconds;
using testing::MatchesRegex;

constexpr std::string_view kBody = R"({"id": "e-17", "type": "user.created"})";
const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'999);

std::string field(std::string_view scheme, std::string_view name, const Message& message) {
  for (const auto& [field_name, value] : sign(scheme, "whsec_c2VjcmV0", message))
    if (field_name == name) return value;
  return {};
}

TEST(Signing, EverySchemesDoorTakesWhatIsSignedForIt) {
  for (const auto scheme : scheme_names())
    for (const std::string secret :
         {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "abcd", "It's a Secret to Everybody"}) {
      const auto door = make_scheme(scheme, std::vector{secret}, seconds{300});
      const auto head = fakes::head_of(sign(scheme, secret, {"e-17", kBody, kNow}), kBody.size());
      EXPECT_EQ(door.value()->judge_head(head, kNow), SignatureVerdict::valid) << scheme << " " << secret;
      EXPECT_TRUE(door.value()->signed_by_us(head, kBody)) << scheme << " " << secret;
      EXPECT_FALSE(door.value()->signed_by_us(head, "{}")) << scheme << " " << secret;
    }
}

// GitHub's documentation prints this one.
TEST(Signing, GivesThePublishedCode) {
  const auto fields = sign("github", "It's a Secret to Everybody", {"", "Hello, World!", kNow});
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].first, "X-Hub-Signature-256");
  EXPECT_EQ(fields[0].second, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST(Signing, AMessageIsCalledAsItsEventAndTheSameWheneverItIsSent) {
  const auto id = [](std::string_view event, std::string_view body, Timestamp at) {
    return field("standard-webhooks", "webhook-id", {event, body, at});
  };
  EXPECT_EQ(id("e-17", kBody, kNow), "e-17");
  for (const char* unfit : {"", "a b", "a\r\nX-Signature: b", "\xc3\xa9"})
    EXPECT_THAT(id(unfit, kBody, kNow), MatchesRegex("msg_[0-9a-f]{24}")) << unfit;
  EXPECT_EQ(id("", kBody, kNow), id("", kBody, kNow + seconds{60}));
  EXPECT_NE(id("", kBody, kNow), id("", "{}", kNow));
}

}  // namespace
}  // namespace penstock::send
