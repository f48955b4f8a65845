#include "workers/domain/outbound/published.h"

#include <gmock/gmock.h>

#include "tests/unit/domain/published_events.h"

namespace penstock::testing {
namespace {

using ::testing::IsEmpty;

TEST(Published, IsTheRowThatTheOrgsReceiversAreToldOf) {
  World world;
  const Timestamp at = timestamp_from_unix_ms(1'700'000'000'123);
  EXPECT_EQ(world.run(published_event({.id = "a:1", .data = R"({"n": 9007199254740993})", .at = at})),
            Outcome::applied);
  EXPECT_THAT(world.touched(), IsEmpty());
  ASSERT_EQ(world.all<OutboxRow>().size(), 1U);
  EXPECT_EQ(world.all<OutboxRow>().front(), (OutboxRow{.id = "events/acme:a:1",
                                                       .type = "reward.claimed",
                                                       .org = "acme",
                                                       .event = {"events/acme:a:1"},
                                                       .data = R"({"n": 9007199254740993})",
                                                       .happened_at = at}));
}

TEST(Published, OfTwoOrgsTheSameIdIsTwoEvents) {
  World world;
  for (const char* org : {"acme", "default"})
    EXPECT_EQ(world.run(published_event({.id = "same", .org = org})), Outcome::applied);
  ASSERT_EQ(world.all<OutboxRow>().size(), 2U);
  EXPECT_EQ(world.all<OutboxRow>()[0].org, "acme");
  EXPECT_EQ(world.all<OutboxRow>()[1].org, "default");
}

TEST(Published, AnIdThatComesAgainSaysNothingMore) {
  World world;
  world.run(published_event({.id = "1", .data = R"({"first": true})"}));
  EXPECT_EQ(world.run(published_event({.id = "1", .type = "user.left", .data = "{}"})), Outcome::duplicate);
  ASSERT_EQ(world.all<OutboxRow>().size(), 1U);
  EXPECT_EQ(world.all<OutboxRow>().front().data, R"({"first": true})");
}

// As a replay does it that passes the inbox by.
TEST(Published, AnEventThatIsDecidedAgainIsNotToldAgain) {
  World world;
  const auto event = published_event({.id = "1"});
  world.run(event);
  world.run({{event.key.value + " again"}, event.facts});
  EXPECT_EQ(world.all<OutboxRow>().size(), 1U);
}

}  // namespace
}  // namespace penstock::testing
