// What a paid session grants, once.
#include <gmock/gmock.h>

#include "tests/unit/domain/payments/payment_events.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SessionObject for_app(const std::string& slug, Texts metadata) {
  metadata["app_slug"] = slug;
  return {.user = "u1", .metadata = std::move(metadata)};
}

std::optional<Fulfillment> fulfillment(const World& world) {
  const auto rows = world.all<Fulfillment>();
  EXPECT_LE(rows.size(), 1U);
  return rows.empty() ? std::nullopt : std::optional(rows.front());
}

std::vector<Grant> grants_of(const SessionObject& session) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", session)), Outcome::applied);
  const auto row = fulfillment(world);
  return row ? row->grants : std::vector<Grant>{};
}

const SessionObject kCourse = for_app("courses", {{"course_id", "c1"}});

TEST(Fulfilment, CoursesGrantTheCourse) {
  EXPECT_THAT(grants_of(kCourse), ElementsAre(Grant{"course", "c1"}));
}
TEST(Fulfilment, BundlesGrantTheBundleAndEachCourse) {
  EXPECT_THAT(grants_of(for_app("bundles", {{"bundle_id", "b1"}, {"course_ids", " c1, c2,,c1 ,"}})),
              ElementsAre(Grant{"bundle", "b1"}, Grant{"course", "c1"}, Grant{"course", "c2"}));
}
TEST(Fulfilment, SubscriptionsGrantThePlan) {
  EXPECT_THAT(grants_of(for_app("subscriptions", {{"plan", "pro"}})), ElementsAre(Grant{"plan", "pro"}));
}
TEST(Fulfilment, RowNamesPaymentAppAndUser) {
  World world;
  world.run(session_event("completed", kCourse));
  const auto row = fulfillment(world);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->payment, "cs_1");
  EXPECT_EQ(row->app_slug, "courses");
  EXPECT_EQ(row->action, "grant");
  EXPECT_EQ(row->user_id, "u1");
  EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
  EXPECT_EQ(payment(world, "cs_1")->fulfilled_by, row->event);
}
TEST(Fulfilment, HappensOnceInEveryOrder) {
  in_every_order(
      {session_event("completed", kCourse), intent_event("succeeded", {}),
       session_event("async_payment_succeeded", kCourse, 2000), refund_event({.amount_refunded = 5000})},
      [](const World& world) {
        EXPECT_EQ(world.all<Fulfillment>().size(), 1U);
        EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
      });
}
TEST(Fulfilment, WaitsForTheMoneyAndFollowsTheIntent) {
  auto unpaid = kCourse;
  unpaid.payment_status = "unpaid";
  World world;
  world.run(session_event("completed", unpaid));
  EXPECT_THAT(world.all<Fulfillment>(), IsEmpty());
  world.run(intent_event("succeeded", {}));
  EXPECT_EQ(world.all<Fulfillment>().size(), 1U);
}
TEST(Fulfilment, NeverHappensForAFailedSession) {
  auto unpaid = kCourse;
  unpaid.payment_status = "unpaid";
  in_every_order({session_event("completed", unpaid), session_event("async_payment_failed", unpaid, 2000)},
                 [](const World& world) { EXPECT_THAT(world.all<Fulfillment>(), IsEmpty()); });
}
TEST(Fulfilment, SetupSessionFulfilsOnlyForAnApp) {
  SessionObject setup{
      .payment_status = "no_payment_required", .payment_intent = {}, .amount = 0, .mode = "setup"};
  World world;
  EXPECT_EQ(world.run(session_event("completed", setup)), Outcome::applied);
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
  EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
}
TEST(Fulfilment, WithoutAnAppThereIsNothingToFulfil) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", {})), Outcome::applied);
  EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
  EXPECT_THAT(alerts(world), IsEmpty());
}
TEST(Fulfilment, UnknownAppIsUnroutableAndPaid) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", for_app("lottery", {}))), Outcome::unroutable);
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
  EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
  EXPECT_THAT(alerts(world), ElementsAre("app_unknown:cs_1"));
  EXPECT_THAT(told(world), ElementsAre("alert.raised", "payment.succeeded"));
}
TEST(Fulfilment, UnknownAppIsAskedAboutOnce) {
  World world;
  const auto spec = session_event("completed", for_app("lottery", {}));
  world.run(again(spec, "evt_a"));
  EXPECT_EQ(world.run(again(spec, "evt_b")), Outcome::unroutable);
  EXPECT_EQ(world.run(intent_event("succeeded", {})), Outcome::applied);
  EXPECT_THAT(alerts(world), ElementsAre("app_unknown:cs_1"));
}
TEST(Fulfilment, UnknownAppPaidByTheIntentMakesItUnroutable) {
  auto unpaid = for_app("lottery", {});
  unpaid.payment_status = "unpaid";
  World world;
  EXPECT_EQ(world.run(session_event("completed", unpaid)), Outcome::applied);
  EXPECT_EQ(world.run(intent_event("succeeded", {})), Outcome::unroutable);
}
TEST(Fulfilment, MissingMetadataIsAppliedButAskedAbout) {
  for (const auto* slug : {"courses", "bundles", "subscriptions"}) {
    World world;
    EXPECT_EQ(world.run(session_event("completed", for_app(slug, {{"course_ids", " , "}}))),
              Outcome::applied);
    EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
    EXPECT_THAT(alerts(world), ElementsAre("fulfilment_incomplete:cs_1"));
  }
}

}  // namespace
}  // namespace penstock::testing
