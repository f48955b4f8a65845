#include "ingress/signin/signed_in_record.h"

#include <gtest/gtest.h>

#include "common/core/uuid.h"

namespace penstock {
namespace {

TEST(UserId, FollowsFromProviderAndSubjectAlone) {
  EXPECT_TRUE(is_uuid(user_id("hub", "17")));
  EXPECT_EQ(user_id("hub", "17"), user_id("hub", "17"));
  EXPECT_NE(user_id("hub", "17"), user_id("hub", "18"));
  EXPECT_NE(user_id("hub", "17"), user_id("hub2", "17"));
  EXPECT_EQ(user_id("hub", "17"), "43e628fa-d501-5ca9-820d-8d9a60849b4c")
      << "ids of users are stored: they never change";
}

TEST(SignedInRecord, IsAnEventAboutTheUser) {
  const SignedIn signed_in{"e-1", "u-1", "hub", {"17", std::nullopt, "Ada \"L\""}};
  const auto record =
      signed_in_record(signed_in, Catalogue::builtin(), timestamp_from_unix_ms(1'753'463'561'000));
  EXPECT_EQ(record.topic, "users");
  EXPECT_EQ(record.key, "u-1");
  EXPECT_EQ(record.value, R"({"id":"e-1","type":"user.signed_in","created":"2025-07-25T17:12:41Z","data":)"
                          R"({"id":"u-1","provider":"hub","subject":"17","email":null,"name":"Ada \"L\""}})");
  EXPECT_EQ(find_header(record.headers, "ce_id"), "e-1");
  EXPECT_EQ(find_header(record.headers, "ce_source"), "auth");
  EXPECT_EQ(find_header(record.headers, "ce_type"), "user.signed_in");
}

}  // namespace
}  // namespace penstock
