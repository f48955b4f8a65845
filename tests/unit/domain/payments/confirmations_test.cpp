// A confirmation fulfils what is paid, and waits for what is not.
#include "tests/unit/domain/payments/confirmations.h"

#include <gmock/gmock.h>

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SessionObject kShopping{.user = "u1", .metadata = {{"app_slug", "shop"}}};
const SessionObject kCourse{.user = "u1", .metadata = {{"app_slug", "courses"}, {"course_id", "c1"}}};

SessionObject unpaid(SessionObject session) {
  session.payment_status = "unpaid";
  return session;
}

// Delays of 1, 5 and 30 seconds.
Policy short_schedule() {
  Policy policy;
  policy.payment_lookup_delays = {std::chrono::seconds{1}, std::chrono::seconds{5}, std::chrono::seconds{30}};
  return policy;
}

TEST(Confirmation, AfterTheSessionChangesNothing) {
  World world;
  world.run(session_event("completed", kCourse));
  const auto before = world.rows();
  EXPECT_EQ(world.run(confirmation("cs_1")), Outcome::duplicate);
  EXPECT_EQ(world.run(confirmation("pi_1")), Outcome::duplicate);
  EXPECT_EQ(world.rows(), before);
}

TEST(Confirmation, BeforeTheSessionWaitsForTheLookUpAfterIt) {
  for (const char* id : {"cs_1", "pi_1"}) {
    World world;
    EXPECT_EQ(world.run(confirmation(id)), Outcome::applied);
    EXPECT_EQ(world.reason(), kPaymentAwaited);
    EXPECT_THAT(awaited(world), ElementsAre("default:" + std::string(id)));
    EXPECT_EQ(world.run(session_event("completed", kCourse)), Outcome::applied);
    EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
    EXPECT_EQ(payment(world, "cs_1")->fulfilled_by->value.substr(0, 7), "stripe:");
    const auto before = world.all<OutboxRow>();
    EXPECT_THAT(look_up(world, 100'000), IsEmpty());
    EXPECT_THAT(awaited(world), IsEmpty());
    EXPECT_EQ(world.all<OutboxRow>(), before);
  }
}

TEST(Confirmation, BetweenTheEventsWaitsForTheOneThatPays) {
  for (const char* id : {"cs_1", "pi_1"}) {
    World world;
    world.run(session_event("completed", unpaid(kCourse)));
    EXPECT_EQ(world.run(confirmation(id)), Outcome::applied);
    EXPECT_THAT(look_up(world, 1001), IsEmpty());
    EXPECT_THAT(awaited(world), ElementsAre("default:" + std::string(id)));
    world.run(intent_event("succeeded", {}));
    EXPECT_EQ(world.all<Fulfillment>().size(), 1U);
    EXPECT_THAT(look_up(world, 100'000), IsEmpty());
    EXPECT_THAT(awaited(world), IsEmpty());
  }
}

TEST(Confirmation, OfAnIntentWaitsForItsSessionWhenThatWouldSayWhatItIsFor) {
  World world;
  world.run(intent_event("succeeded", {.metadata = {{"app_slug", "courses"}}}));
  EXPECT_EQ(world.run(confirmation("pi_1")), Outcome::applied);
  EXPECT_THAT(look_up(world, 1001), IsEmpty());
  EXPECT_THAT(awaited(world), ElementsAre("default:pi_1"));
  world.run(session_event("completed", kCourse));
  EXPECT_THAT(look_up(world, 100'000), IsEmpty());
  EXPECT_THAT(awaited(world), IsEmpty());
  World for_nothing;
  for_nothing.run(intent_event("succeeded", {}));
  EXPECT_EQ(for_nothing.run(confirmation("pi_1")), Outcome::duplicate);
}

TEST(Confirmation, InTestModeIsFoundToo) {
  World world;
  EXPECT_EQ(world.run(confirmation("cs_1")), Outcome::applied);
  world.run(in_test_mode(session_event("completed", kCourse)));
  EXPECT_THAT(look_up(world, 1001), IsEmpty());
  EXPECT_THAT(awaited(world), IsEmpty());
  EXPECT_EQ(world.run(confirmation("cs_1", "again")), Outcome::duplicate);
}

TEST(Confirmation, IsOfItsOrgAlone) {
  World world;
  EXPECT_EQ(world.run(confirmation("cs_1", "before", "acme")), Outcome::applied);
  world.run(session_event("completed", kCourse));
  EXPECT_EQ(world.run(confirmation("cs_1", "after", "acme")), Outcome::applied);
  look_up(world, 1001);
  EXPECT_THAT(awaited(world), ElementsAre("acme:cs_1"));
}

TEST(Confirmation, NeverFindsAPaymentOfAConnectedAccount) {
  World world(Policy{.trust_connected_accounts = true});
  auto of_account = session_event("completed", kCourse);
  of_account.account = "acct_1";
  EXPECT_EQ(world.run(confirmation("cs_1", "before")), Outcome::applied);
  world.run(of_account);
  EXPECT_EQ(world.run(confirmation("cs_1", "after")), Outcome::applied);
  look_up(world, 1001);
  EXPECT_THAT(awaited(world), ElementsAre("default:cs_1"));
}

TEST(Confirmation, IsGivenUpAfterItsScheduleWithAClearReason) {
  World world(short_schedule());
  world.run(confirmation("cs_1"));
  EXPECT_THAT(look_up(world, 1000), IsEmpty()) << "not due";
  EXPECT_EQ(world.all<AwaitedPayment>()[0].awaiting[0].lookups, 1);
  EXPECT_THAT(look_up(world, 1001), IsEmpty());
  EXPECT_THAT(look_up(world, 1005), IsEmpty()) << "not due: 5 s after the look-up before";
  EXPECT_THAT(look_up(world, 1006), IsEmpty());
  EXPECT_THAT(look_up(world, 1035), IsEmpty()) << "not due";
  EXPECT_THAT(look_up(world, 1036), ElementsAre("api/default:of_cs_1 payment_unknown"));
  EXPECT_THAT(awaited(world), IsEmpty());
  EXPECT_THAT(look_up(world, 100'000), IsEmpty()) << "once";
}

TEST(Confirmation, SaysWhatItHasWaitedFor) {
  World world(short_schedule());
  world.run(session_event("completed", unpaid(kCourse)));
  world.run(intent_event("succeeded", {.id = "pi_2", .metadata = {{"app_slug", "courses"}}}));
  for (const char* id : {"cs_1", "pi_1", "pi_2", "pi_3"}) world.run(confirmation(id));
  for (const int second : {1001, 1006}) EXPECT_THAT(look_up(world, second), IsEmpty());
  EXPECT_THAT(look_up(world, 1036),
              ElementsAre("api/default:of_cs_1 payment_not_paid", "api/default:of_pi_1 payment_not_paid",
                          "api/default:of_pi_2 session_unknown", "api/default:of_pi_3 payment_unknown"));
}

TEST(Confirmation, LateLookUpsKeepTheirDistance) {
  World world(short_schedule());
  world.run(confirmation("cs_1"));
  for (const int second : {50'000, 50'001, 50'004}) EXPECT_THAT(look_up(world, second), IsEmpty());
  EXPECT_EQ(world.all<AwaitedPayment>()[0].awaiting[0].lookups, 2);
}

TEST(Confirmation, EachOfSeveralWaitsForItself) {
  World world(short_schedule());
  world.run(confirmation("cs_1", "a"));
  world.run(confirmation("cs_1", "b"));
  EXPECT_EQ(world.run(confirmation("cs_1", "b")), Outcome::duplicate);
  EXPECT_EQ(world.all<AwaitedPayment>()[0].awaiting.size(), 2U);
  for (const int second : {1001, 1006}) look_up(world, second);
  EXPECT_THAT(look_up(world, 1036),
              ElementsAre("api/default:a payment_unknown", "api/default:b payment_unknown"));
}

TEST(Confirmation, ThatIsOneTooManyIsParked) {
  World world;
  for (std::size_t i = 0; i < kConfirmationsAwaitingMax; ++i)
    EXPECT_EQ(world.run(confirmation("cs_1", std::to_string(i))), Outcome::applied);
  EXPECT_EQ(world.run(confirmation("cs_1", "more")), Outcome::parked);
  EXPECT_THAT(world.error(), HasSubstr("too_many_waiting"));
  EXPECT_EQ(world.run(confirmation("cs_2", "other")), Outcome::applied);
}

TEST(Confirmation, WithoutAScheduleIsParkedAtOnce) {
  Policy policy;
  policy.payment_lookup_delays = {};
  World world(policy);
  EXPECT_EQ(world.run(confirmation("cs_1")), Outcome::parked);
  EXPECT_THAT(world.error(), HasSubstr("payment_unknown"));
}

TEST(RegisteredApps, AreToldOfThePaymentOnceAndHaveARowWithoutGrants) {
  in_every_order(
      {session_event("completed", kShopping), intent_event("succeeded", {}),
       session_event("async_payment_succeeded", kShopping, 2000)},
      [](const World& world) { EXPECT_THAT(world.all<Fulfillment>(), IsEmpty()) << "nobody is registered"; });
  World world;
  put_app(world, "shop");
  EXPECT_EQ(world.run(session_event("completed", kShopping)), Outcome::applied);
  EXPECT_EQ(world.run(session_event("async_payment_succeeded", kShopping, 2000)), Outcome::duplicate);
  EXPECT_EQ(world.run(confirmation("cs_1")), Outcome::duplicate);
  const auto rows = world.all<Fulfillment>();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].id, "cs_1:shop");
  EXPECT_EQ(rows[0].action, "payment-succeeded");
  EXPECT_EQ(rows[0].user_id, "u1");
  EXPECT_THAT(rows[0].grants, IsEmpty());
  const auto told = told_to(world, "shop");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].type, "payment.succeeded");
  EXPECT_EQ(told[0].event, rows[0].event);
  EXPECT_EQ(told[0].data, json::to_text(*payment(world, "cs_1")));
  EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
  EXPECT_THAT(alerts(world), IsEmpty());
}

TEST(RegisteredApps, LeaveWhatThePlatformIsToldAsItIs) {
  const auto to_platform = [](const World& world) {
    std::vector<std::string> ids;
    for (const auto& row : world.all<OutboxRow>())
      if (!row.app && row.type == "payment.succeeded") ids.push_back(row.id);
    return ids;
  };
  World with, without;
  put_app(with, "shop");
  for (World* world : {&with, &without}) world->run(session_event("completed", kShopping));
  EXPECT_EQ(to_platform(with), to_platform(without));
  EXPECT_EQ(to_platform(with).size(), 1U);
  EXPECT_NE(told_to(with, "shop").at(0).id, to_platform(with).at(0));
}

TEST(RegisteredApps, ADisabledOneIsAsIfThereWereNone) {
  World world;
  put_app(world, "shop", false);
  EXPECT_EQ(world.run(session_event("completed", kShopping)), Outcome::unroutable);
  EXPECT_THAT(alerts(world), ElementsAre("app_unknown:cs_1"));
  EXPECT_THAT(told_to(world, "shop"), IsEmpty());
  EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
}

TEST(RegisteredApps, ALaterOneGetsWhatIsDrivenAgain) {
  const std::function<Outcome(World&)> ways[] = {
      [](World& world) { return world.run(confirmation("cs_1", "later")); },
      [](World& world) { return world.run(again(session_event("completed", kShopping), "evt_again")); },
      [](World& world) { return world.run(again(intent_event("succeeded", {}), "evt_again")); }};
  for (const auto& drive_again : ways) {
    World world;
    world.run(session_event("completed", kShopping));
    EXPECT_EQ(world.run(confirmation("cs_1", "early")), Outcome::unroutable);
    put_app(world, "shop");
    EXPECT_EQ(drive_again(world), Outcome::applied);
    EXPECT_EQ(told_to(world, "shop").size(), 1U);
    EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
    EXPECT_EQ(world.run(confirmation("cs_1", "once more")), Outcome::duplicate);
  }
}

TEST(RegisteredApps, BuiltInOnesAreNobodyElses) {
  World world;
  put_app(world, "courses", false);
  EXPECT_EQ(world.run(session_event("completed", kCourse)), Outcome::applied);
  EXPECT_EQ(world.all<Fulfillment>().at(0).action, "grant");
  EXPECT_THAT(told_to(world, "courses"), IsEmpty());
}

TEST(RegisteredApps, AreToldNothingByAConnectedAccount) {
  World world;
  put_app(world, "shop");
  auto of_account = session_event("completed", kShopping);
  of_account.account = "acct_1";
  world.run(of_account);
  EXPECT_THAT(told_to(world, "shop"), IsEmpty());
}

}  // namespace
}  // namespace penstock::testing
