// Subscriptions as partners tell of them: plans, ends and trials.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/domain/partner_events.h"
#include "workers/domain/subscriptions/profile.h"
#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

PartnerSpec plan(const std::string& what, const std::string& name, std::int64_t created = 1000,
                 const std::string& more = "") {
  return {.type = "subscription." + what,
          .data = R"({"id":"sub_1","plan":")" + name + "\"" + more + "}",
          .created = created};
}

PartnerSpec trial(std::int64_t created, const std::string& more = "") {
  return {.type = "trial.ending", .data = R"({"id":"sub_1")" + more + "}", .created = created};
}

Subscription row(const World& world, const std::string& org = "acme") {
  const auto found = world.find<Subscription>("sub_1", scope_of_org(org));
  CHECK(found.has_value());
  return *found;
}

std::vector<std::string> told(const World& world) {
  std::vector<std::string> types;
  for (const auto& each : world.all<OutboxRow>()) types.push_back(each.org + " " + each.type);
  std::sort(types.begin(), types.end());
  return types;
}

Subscription same_in_every_order(const std::vector<PartnerSpec>& specs) {
  std::vector<SaidEvent> events;
  for (const auto& spec : specs) events.push_back(partner_event(spec));
  std::vector<std::size_t> order(events.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::optional<Subscription> first;
  do {
    World world;
    for (const auto i : order) world.run(events[i]);
    for (const auto i : order) EXPECT_EQ(world.run(events[i]), Outcome::duplicate);
    if (!first) first = row(world);
    EXPECT_EQ(row(world), *first);
  } while (std::next_permutation(order.begin(), order.end()));
  return *first;
}

TEST(PartnerSubscriptions, AnUpgradeShowsThePlanAndActive) {
  World world;
  EXPECT_EQ(world.run(partner_event(plan("upgraded", "gold", 1000, R"(,"user_id":"u1")"))), Outcome::applied);
  EXPECT_EQ(row(world).status, SubscriptionStatus::active);
  EXPECT_EQ(row(world).plan, "gold");
  EXPECT_EQ(row(world).user_id, "u1");
  EXPECT_EQ(row(world).key, "live@acme:sub_1");
  EXPECT_THAT(told(world), ElementsAre("acme subscription.upgraded"));
  EXPECT_THAT(world.all<OutboxRow>().front().data, HasSubstr(R"("status":"active")"));
  EXPECT_THAT(world.touched(), ElementsAre(TouchedRow{"subscriptions", "sub_1"}));
}

TEST(PartnerSubscriptions, EachUpgradeThatShowsIsTold) {
  World world;
  world.run(partner_event(plan("upgraded", "gold", 1001)));
  EXPECT_EQ(world.run(partner_event(plan("upgraded", "silver", 1000))), Outcome::stale);
  EXPECT_EQ(world.run(partner_event(plan("upgraded", "gold", 1002))), Outcome::duplicate);
  EXPECT_EQ(world.run(partner_event(plan("upgraded", "platinum", 1003))), Outcome::applied);
  EXPECT_EQ(row(world).plan, "platinum");
  EXPECT_THAT(told(world), ElementsAre("acme subscription.upgraded", "acme subscription.upgraded"));
}

TEST(PartnerSubscriptions, CanceledIsTerminalAndToldOnce) {
  EXPECT_EQ(same_in_every_order({plan("upgraded", "gold", 1000), plan("canceled", "gold", 1001),
                                 plan("upgraded", "platinum", 1002)})
                .status,
            SubscriptionStatus::canceled);
  World world;
  world.run(partner_event(plan("canceled", "gold", 1001)));
  EXPECT_EQ(world.run(partner_event(plan("upgraded", "platinum", 1002))), Outcome::stale);
  world.run(partner_event(plan("canceled", "gold", 1003)));
  EXPECT_THAT(told(world), ElementsAre("acme subscription.canceled"));
}

TEST(PartnerSubscriptions, TheUserIsTheNewestNamedWhereTheNewestPlanNamesNone) {
  const auto shown =
      same_in_every_order({plan("upgraded", "gold", 1000, R"(,"user_id":"u0")"),
                           trial(1001, R"(,"user_id":"u1")"), plan("upgraded", "platinum", 1002)});
  EXPECT_EQ(shown.user_id, "u1");
  EXPECT_EQ(shown.plan, "platinum");
}

TEST(PartnerSubscriptions, TwoPlansOfOneSecondEndTheSame) {
  same_in_every_order({plan("upgraded", "gold"), plan("upgraded", "silver"), plan("upgraded", "platinum"),
                       plan("canceled", "gold", 999)});
  EXPECT_EQ(same_in_every_order({plan("upgraded", "gold"), plan("canceled", "gold")}).status,
            SubscriptionStatus::canceled);
}

TEST(Trials, ANoticeSetsTheEndAndIsTold) {
  World world;
  world.run(partner_event(plan("upgraded", "gold", 1000)));
  EXPECT_EQ(world.run(partner_event(trial(1001, R"(,"trial_end":5000)"))), Outcome::applied);
  EXPECT_EQ(row(world).trial_end, at(5000));
  EXPECT_EQ(row(world).plan, "gold");
  EXPECT_THAT(told(world), ElementsAre("acme subscription.upgraded", "acme trial.ending"));
}

TEST(Trials, ANoticeThatSetsNothingIsToldAllTheSame) {
  World world;
  EXPECT_EQ(world.run(partner_event(trial(1000))), Outcome::applied);
  EXPECT_EQ(world.run(partner_event(trial(1001))), Outcome::applied);
  EXPECT_EQ(row(world).status, std::nullopt);
  EXPECT_THAT(told(world), ElementsAre("acme trial.ending", "acme trial.ending"));
}

TEST(Trials, TheEndIsAsTheNewestThatSaysItHasIt) {
  const auto shown =
      same_in_every_order({trial(1000, R"(,"trial_end":5000)"), trial(1001, R"(,"trial_end":6000)"),
                           trial(1002), plan("upgraded", "gold", 1003)});
  EXPECT_EQ(shown.trial_end, at(6000));
}

TEST(Trials, ANoticeThatComesTooLateIsNotTold) {
  World world;
  world.run(partner_event(plan("upgraded", "gold", 1001)));
  EXPECT_EQ(world.run(partner_event(trial(1000, R"(,"trial_end":5000)"))), Outcome::applied);
  EXPECT_EQ(row(world).trial_end, at(5000)) << "as it would be in the other order";
  EXPECT_THAT(told(world), ElementsAre("acme subscription.updated", "acme subscription.upgraded"));

  World ended;
  ended.run(partner_event(plan("canceled", "gold", 1000)));
  EXPECT_EQ(ended.run(partner_event(trial(1001))), Outcome::duplicate);
  EXPECT_THAT(told(ended), ElementsAre("acme subscription.canceled"));

  World told_already;
  told_already.run(partner_event(trial(1001)));
  EXPECT_EQ(told_already.run(partner_event(trial(1000))), Outcome::stale);
  EXPECT_THAT(told(told_already), ElementsAre("acme trial.ending"));
}

EventSpec stripes(const std::string& status, std::int64_t created) {
  return {.type = "customer.subscription.updated",
          .object = R"({"id":"sub_1","object":"subscription","status":")" + status +
                    R"(","trial_end":7000,"metadata":{"user_id":"u1"}})",
          .created = created};
}

TEST(PartnerSubscriptions, AnotherOrgsNeverMeetsThePlatforms) {
  World world;
  world.run(stripes("past_due", 1000));
  world.run(partner_event(plan("canceled", "gold", 2000, R"(,"user_id":"u1")")));
  EXPECT_EQ(row(world, "default").status, SubscriptionStatus::past_due);
  EXPECT_EQ(row(world).status, SubscriptionStatus::canceled);
  EXPECT_THAT(told(world), ElementsAre("acme subscription.canceled", "default subscription.updated"));
}

TEST(PartnerSubscriptions, AnotherOrgsShowInNobodysProfile) {
  World world;
  PartnerSpec ours = plan("upgraded", "silver", 1000, R"(,"user_id":"u1")");
  ours.org = "default";
  world.run_said({partner_event(plan("upgraded", "gold", 2000, R"(,"user_id":"u1")"))});
  EXPECT_FALSE(row(world).trusted);
  EXPECT_EQ(make_profile("u1", true, {world.all<Subscription>(), {}, {}}).subscription_status, "none");
  world.run(partner_event(ours));
  const Profile profile = make_profile("u1", true, {world.all<Subscription>(), {}, {}});
  EXPECT_EQ(profile.plan, "silver");
}

// What Stripe says of the parts goes before what partners of the platform's own org have said.
TEST(PartnerSubscriptions, AWholeSnapshotGoesBeforeParts) {
  World world;
  PartnerSpec notice = trial(1000, R"(,"trial_end":5000,"user_id":"u9")");
  notice.org = "default";
  world.run(partner_event(notice));
  world.run(stripes("trialing", 900));
  EXPECT_EQ(row(world, "default").trial_end, at(7000));
  EXPECT_EQ(row(world, "default").user_id, "u1");
}

}  // namespace
}  // namespace penstock::testing
