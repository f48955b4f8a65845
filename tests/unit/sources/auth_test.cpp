#include "workers/sources/auth/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::StartsWith;

const EventKey kKey{"auth:e-1"};
const Timestamp kAt = timestamp_from_unix_ms(1'700'000'000'000);

ReadEvent read(std::string_view body, std::string_view type = "user.signed_in") {
  static const Headers kHeaders;
  return Sources({auth_source()}).read({kKey, "auth", type, kAt, body, kHeaders});
}

TEST(AuthSource, ReadsWhoHasSignedInAndAsWhom) {
  const auto event =
      read(R"({"data":{"id":"u1","provider":"hub","subject":"17","email":"a@b.c","name":null}})");
  ASSERT_TRUE(event.facts) << event.facts.error().detail;
  const auto& facts = std::get<UserFacts>(event.facts.value());
  EXPECT_EQ(facts.id, "u1");
  EXPECT_EQ(facts.identity, (Identity{"hub", "17"}));
  EXPECT_EQ(facts.said, (UserAttributes{"a@b.c", std::nullopt}));
  EXPECT_EQ(facts.status, UserStatus::active);
  EXPECT_EQ(facts.rank, 1);
  EXPECT_EQ(facts.meta.key, kKey);
  EXPECT_EQ(facts.meta.created, kAt);
  EXPECT_EQ(facts.meta.org, std::nullopt);
  EXPECT_EQ(event.entity, "u1");
}

TEST(AuthSource, WithoutAUserOrAnIdentityItIsNone) {
  for (const auto* body : {"{}", "[]", R"({"data":{"id":"u1"}})", R"({"data":{"id":"u1","provider":"hub"}})",
                           R"({"data":{"id":"u1","provider":"hub","subject":17}})",
                           R"({"data":{"provider":"hub","subject":"17"}})"}) {
    const auto event = read(body);
    ASSERT_FALSE(event.facts) << body;
    EXPECT_THAT(event.facts.error().detail, StartsWith("wrong_shape: "));
  }
  EXPECT_FALSE(read("").facts);
}

TEST(AuthSource, AnotherTypeHasNoHandler) {
  const auto event = read("{}", "user.signed_out");
  ASSERT_TRUE(event.facts);
  EXPECT_EQ(std::get<UnhandledFacts>(event.facts.value()).reason, "no_handler");
}

}  // namespace
}  // namespace penstock
