#include "workers/domain/connect/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/connect/connect_events.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

EventSpec told(std::string members, std::int64_t created = 1000, std::string previous = {},
               std::string id = {}) {
  return {.type = "account.updated",
          .object = R"({"id":"acct_1","object":"account",)" + members + "}",
          .id = std::move(id),
          .created = created,
          .previous_attributes = std::move(previous)};
}

ConnectedAccount row(const World& world) {
  const auto found = world.find<ConnectedAccount>("acct_1");
  CHECK(found.has_value());
  return *found;
}

AccountStatus status_after(std::string members) {
  World world;
  EXPECT_EQ(world.run(told(std::move(members))), Outcome::applied);
  return row(world).status;
}

TEST(AccountsDecide, StatusFollowsTheContractsOrderOfTests) {
  EXPECT_EQ(status_after(R"("charges_enabled":true,"payouts_enabled":true,
      "requirements":{"past_due":["x"],"disabled_reason":"listed"})"),
            AccountStatus::enabled);
  EXPECT_EQ(status_after(R"("charges_enabled":true,"payouts_enabled":false,"details_submitted":true,
      "requirements":{"disabled_reason":"requirements.past_due"})"),
            AccountStatus::restricted);
  EXPECT_EQ(
      status_after(R"("details_submitted":true,"requirements":{"past_due":["x"],"disabled_reason":null})"),
      AccountStatus::restricted);
  EXPECT_EQ(status_after(R"("charges_enabled":true,"details_submitted":true,
      "requirements":{"currently_due":["x"],"past_due":[]})"),
            AccountStatus::pending);
  EXPECT_EQ(status_after(R"("details_submitted":false)"), AccountStatus::onboarding);
}

TEST(AccountsDecide, RequirementsAndUserAreShown) {
  World world;
  world.run(
      told(R"("metadata":{"user_id":"u_1"},"requirements":{"currently_due":["a","b"],"eventually_due":["c"],
      "past_due":["d"],"disabled_reason":"why"})"));
  EXPECT_EQ(row(world).user_id, "u_1");
  EXPECT_THAT(row(world).requirements.currently_due, ElementsAre("a", "b"));
  EXPECT_THAT(row(world).requirements.eventually_due, ElementsAre("c"));
  EXPECT_THAT(row(world).requirements.past_due, ElementsAre("d"));
  EXPECT_EQ(row(world).requirements.disabled_reason, "why");
}

TEST(AccountsDecide, TheNewestEventIsShownInEveryOrder) {
  const auto state = expect_same_in_every_order(
      {told(R"("charges_enabled":true,"payouts_enabled":true)", 3000),
       told(R"("details_submitted":true)", 2000), told(R"("details_submitted":false)", 1000)});
  EXPECT_THAT(state.at("accounts/live:acct_1"), HasSubstr("status=enabled"));
}

TEST(AccountsDecide, ATestModeEventLeavesTheLiveAccountAsItIs) {
  auto test = told(R"("charges_enabled":true,"payouts_enabled":true)", 3000);
  test.livemode = false;
  const auto state = expect_same_in_every_order(
      {told(R"("requirements":{"disabled_reason":"rejected.fraud"})", 1000), test});
  EXPECT_THAT(state.at("accounts/live:acct_1"), HasSubstr("status=restricted"));
  EXPECT_THAT(state.at("accounts/live:acct_1"), HasSubstr("livemode=true"));
  EXPECT_THAT(state.at("accounts/test:acct_1"), HasSubstr("status=enabled"));
}

TEST(AccountsDecide, AnAccountSaysNothingAboutAnother) {
  auto own = told(R"("details_submitted":true)", 1000);
  own.account = "acct_1";
  auto foreign = told(R"("charges_enabled":true,"payouts_enabled":true)", 2000);
  foreign.account = "acct_2";
  World world;
  EXPECT_EQ(world.run(foreign), Outcome::ignored);
  EXPECT_EQ(world.reason(), "foreign_account");
  EXPECT_TRUE(world.state().empty());
  EXPECT_EQ(world.run(own), Outcome::applied);
  EXPECT_EQ(row(world).status, AccountStatus::pending);
}

TEST(AccountsDecide, PreviousAttributesOrderOneSecondInEveryOrder) {
  const auto state = expect_same_in_every_order({
      told(R"("details_submitted":true,"charges_enabled":false)", 1000, R"({"details_submitted":false})",
           "evt_9"),
      told(R"("details_submitted":true,"charges_enabled":true,"payouts_enabled":false)", 1000,
           R"({"charges_enabled":false})", "evt_5"),
      told(R"("details_submitted":true,"charges_enabled":true,"payouts_enabled":true)", 1000,
           R"({"payouts_enabled":false,"charges_enabled":true})", "evt_1"),
  });
  EXPECT_THAT(state.at("accounts/live:acct_1"), HasSubstr("status=enabled"));
}

TEST(AccountsDecide, OutcomesSayWhatWasNew) {
  World world;
  EXPECT_EQ(world.run(told(R"("details_submitted":false)", 2000)), Outcome::applied);
  EXPECT_EQ(world.run(told(R"("details_submitted":true)", 1000)), Outcome::stale);
  EXPECT_EQ(world.run(told(R"("details_submitted":false,"email":"new@example.com")", 3000)),
            Outcome::duplicate);
  EXPECT_EQ(world.run(told(R"("details_submitted":true)", 4000)), Outcome::applied);
}

TEST(AccountsDecide, WrongShapesAreRefused) {
  const auto refused = [](std::string members) {
    return !read_account(build_event(told(std::move(members)))).has_value();
  };
  EXPECT_TRUE(refused(R"("charges_enabled":"yes")"));
  EXPECT_TRUE(refused(R"("requirements":[])"));
  EXPECT_TRUE(refused(R"("requirements":{"past_due":"x"})"));
  EXPECT_TRUE(refused(R"("requirements":{"past_due":[1]})"));
  EXPECT_FALSE(refused(R"("requirements":null)"));
}

TEST(AccountsOutbound, EachVisibleChangeIsTold) {
  World world;
  world.run(told(R"("details_submitted":false)", 2000));
  world.run(told(R"("details_submitted":true)", 1000));
  EXPECT_EQ(outbox(world, "account.updated").size(), 1u);
  world.run(told(R"("details_submitted":true)", 3000));
  EXPECT_EQ(outbox(world, "account.updated").size(), 2u);
}

TEST(AccountView, HasTheFieldsOfTheContract) {
  ConnectedAccount account;
  account.id = "acct_1";
  account.requirements.past_due = {"x"};
  EXPECT_EQ(
      json::to_text(account_view(account)),
      R"({"id":"acct_1","user_id":null,"status":"onboarding","charges_enabled":false,"payouts_enabled":false,)"
      R"("details_submitted":false,"requirements":{"currently_due":[],"eventually_due":[],"past_due":["x"],)"
      R"("disabled_reason":null},"livemode":false})");
}

}  // namespace
}  // namespace penstock::testing
