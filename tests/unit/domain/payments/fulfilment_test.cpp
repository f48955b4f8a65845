// What a paid session grants, once.
#include <gmock/gmock.h>

#include "tests/unit/domain/payments/payment_events.h"
#include "workers/domain/payments/fulfil.h"

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

// What the payment's rows of all apps grant, by app.
std::map<std::string, std::vector<Grant>> granted(const World& world) {
  std::map<std::string, std::vector<Grant>> grants;
  for (const auto& row : world.all<Fulfillment>()) {
    EXPECT_TRUE(grants.emplace(row.app_slug, row.grants).second) << row.app_slug;
    EXPECT_EQ(row.payment, "cs_1");
    EXPECT_EQ(row.id, "cs_1:" + row.app_slug);
  }
  return grants;
}

TEST(GrantedAndCredited, AreTwoFactsWhateverMetadataSaysLater) {
  const auto course = session_event("completed", kCourse, 1000);
  const auto as_deposit = session_event("async_payment_succeeded", deposit({.user = "u1"}), 2000);
  const auto course_again = session_event("async_payment_succeeded", kCourse, 3000);
  World one_by_one;
  one_by_one.run(course);
  one_by_one.run(as_deposit);
  EXPECT_EQ(balance(one_by_one, "u1"), 5000);
  EXPECT_EQ(one_by_one.run(course_again), Outcome::applied);
  in_every_order({course, as_deposit, course_again}, [](const World& world) {
    EXPECT_THAT(granted(world), ElementsAre(std::pair("courses", std::vector{Grant{"course", "c1"}})));
    EXPECT_EQ(balance(world, "u1"), std::nullopt) << "the newest metadata is that of no deposit";
    EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
    EXPECT_TRUE(payment(world, "cs_1")->fulfilled_by);
  });
}
TEST(GrantedAndCredited, ADepositLastIsCreditedAndTakesNoGrantBack) {
  in_every_order({session_event("completed", kCourse, 1000),
                  session_event("async_payment_succeeded", deposit({.user = "u1"}), 2000)},
                 [](const World& world) {
                   EXPECT_EQ(granted(world).size(), 1U);
                   EXPECT_EQ(balance(world, "u1"), 5000);
                   EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
                 });
}
TEST(GrantedAndCredited, FulfilledEndsWhenTheOnlyCreditMovesAway) {
  in_every_order({session_event("completed", deposit({.user = "u1"}), 1000),
                  session_event("async_payment_succeeded", {.user = "u1"}, 2000)},
                 [](const World& world) {
                   EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
                   EXPECT_EQ(payment(world, "cs_1")->fulfilled_by, std::nullopt);
                 });
}
TEST(Grants, AreTheUnionOfWhatAPaidSessionsEventsName) {
  auto unpaid_bundle = for_app("bundles", {{"bundle_id", "b1"}, {"course_ids", "c9,c1"}});
  unpaid_bundle.payment_status = "unpaid";
  in_every_order({session_event("completed", unpaid_bundle, 1000),
                  session_event("async_payment_succeeded", kCourse, 2000),
                  session_event("async_payment_succeeded", for_app("courses", {{"course_id", "c2"}}), 3000),
                  session_event("async_payment_succeeded", {.user = "u1"}, 4000)},
                 [](const World& world) {
                   const std::vector<Grant> bundle = {{"bundle", "b1"}, {"course", "c9"}, {"course", "c1"}};
                   const std::vector<Grant> courses = {{"course", "c1"}, {"course", "c2"}};
                   EXPECT_THAT(granted(world),
                               ElementsAre(std::pair("bundles", bundle), std::pair("courses", courses)));
                 });
}
TEST(Grants, ARowNamesTheEventThatGaveItsFirst) {
  World world;
  world.run(again(session_event("completed", kCourse, 1000), "evt_first"));
  world.run(session_event("async_payment_succeeded", for_app("courses", {{"course_id", "c2"}}), 2000));
  EXPECT_EQ(fulfillment(world)->event.value, "stripe:evt_first");
  EXPECT_EQ(payment(world, "cs_1")->fulfilled_by, fulfillment(world)->event);
}
TEST(Grants, OfASessionStoredWithoutThemAreReadFromItsMetadata) {
  auto row = make_row<CheckoutSession>({.livemode = true}, "cs_1");
  row.app_slug = "courses";
  row.metadata = kCourse.metadata;
  EXPECT_EQ(named_by(row), (std::vector<NamedGrants>{{"courses", {{"course", "c1"}}}}));
  row.named = {{"bundles", {{"bundle", "b1"}}}};
  EXPECT_EQ(named_by(row), row.named);
}

EventSpec of_account(EventSpec spec, std::string account = "acct_1") {
  spec.account = std::move(account);
  return spec;
}
const Scope kAccount{true, "acct_1"};

TEST(ConnectedAccountsGrant, NothingAndAreAskedAboutOnce) {
  in_every_order({of_account(session_event("completed", kCourse)), of_account(intent_event("succeeded", {})),
                  of_account(again(session_event("completed", kCourse), "evt_other"))},
                 [](const World& world) {
                   EXPECT_THAT(world.all<Fulfillment>(), IsEmpty());
                   EXPECT_EQ(payment(world, "cs_1", kAccount)->status, PaymentStatus::paid);
                   EXPECT_FALSE(payment(world, "cs_1", kAccount)->fulfilled);
                   EXPECT_THAT(alerts(world), ElementsAre("grant_refused:cs_1"));
                 });
}
TEST(ConnectedAccountsGrant, NothingOfAnUnknownAppEither) {
  World world;
  EXPECT_EQ(world.run(of_account(session_event("completed", for_app("lottery", {})))), Outcome::applied);
  EXPECT_THAT(alerts(world), ElementsAre("grant_refused:cs_1"));
}
TEST(ConnectedAccountsGrant, WhenTheyAreTrusted) {
  World world(Policy{.trust_connected_accounts = true});
  world.run(of_account(session_event("completed", kCourse)));
  EXPECT_THAT(granted(world), ElementsAre(std::pair("courses", std::vector{Grant{"course", "c1"}})));
  EXPECT_EQ(fulfillment(world)->account, "acct_1");
  EXPECT_TRUE(payment(world, "cs_1", kAccount)->fulfilled);
  EXPECT_THAT(alerts(world), IsEmpty());
}
TEST(ConnectedAccountsGrant, OnlyWhatWasNamedWhileTheyWereTrusted) {
  auto other = kCourse;
  other.metadata["course_id"] = "c2";
  for (const bool trusted_first : {true, false}) {
    World world(Policy{.trust_connected_accounts = trusted_first});
    world.run(of_account(session_event("completed", trusted_first ? kCourse : other, 1000)));
    world.set_policy({.trust_connected_accounts = !trusted_first});
    world.run(of_account(session_event("completed", trusted_first ? other : kCourse, 2000)));
    EXPECT_THAT(granted(world), ElementsAre(std::pair("courses", std::vector{Grant{"course", "c1"}})))
        << trusted_first;
  }
}
// Whoever owns an account may write any id of the platform's into its objects.
TEST(ConnectedAccountsGrant, NoPlatformPaymentByNamingItsIntent) {
  auto unpaid = kCourse;
  unpaid.payment_status = "unpaid";
  in_every_order({session_event("completed", unpaid), of_account(intent_event("succeeded", {})),
                  of_account(session_event("completed", {.id = "cs_0"}))},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::processing);
                   EXPECT_THAT(world.all<Fulfillment>(), IsEmpty());
                 });
}

}  // namespace
}  // namespace penstock::testing
