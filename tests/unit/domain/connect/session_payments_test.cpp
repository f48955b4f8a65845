#include "workers/domain/connect/session_payments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "tests/unit/domain/connect/connect_events.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A payout event; names a session payment when one is given.
EventSpec payout(std::string_view id, std::string_view status, std::int64_t created,
                 std::string_view names = {}) {
  std::string object = R"({"object":"payout","amount":97000,"currency":"usd","arrival_date":5000,"id":")";
  object.append(id).append(R"(","status":")").append(status).append("\"");
  if (!names.empty()) object.append(R"(,"metadata":{"session_payment_id":")").append(names).append("\"}");
  return {.type = "payout.updated", .object = object + "}", .created = created};
}

Registration registration(std::string_view id, std::optional<std::string> payout_id = {},
                          std::string_view tester = "t_1") {
  return {.id = std::string(id), .tester_id = std::string(tester), .payout = std::move(payout_id)};
}

SessionPayment row(const World& world, const std::string& id) {
  const auto found = world.find<SessionPayment>(id);
  CHECK(found.has_value());
  return *found;
}

SessionPaymentStatus status(const World& world, const std::string& id) {
  return session_payment_view(row(world, id)).status;
}

TEST(SessionPayments, ARegisteredOneIsPendingUntilItsPayoutIsPaid) {
  World world;
  EXPECT_EQ(register_payment(world, registration("sp_1", "po_1")), Outcome::applied);
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  world.run(payout("po_1", "in_transit", 1000));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  world.run(payout("po_1", "paid", 2000));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
  world.run(payout("po_1", "failed", 3000));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::failed);
}

TEST(SessionPayments, PaidIfAnyOfItsPayoutsIs) {
  World world;
  world.run(payout("po_1", "failed", 1000, "sp_1"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::failed);
  world.run(payout("po_2", "pending", 1001, "sp_1"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  world.run(payout("po_2", "canceled", 1002, "sp_1"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::failed);
  world.run(payout("po_3", "paid", 1003, "sp_1"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
}

TEST(SessionPayments, ARegisteredPayoutThatNoEventHasToldOfMayStillBePaid) {
  World world;
  world.run(payout("po_1", "failed", 1000, "sp_1"));
  register_payment(world, registration("sp_1", "po_2"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
}

TEST(SessionPayments, RegistrationAndEventsEndTheSameInEveryOrder) {
  const auto state = expect_same_in_every_order(std::vector<Step>{
      registration_step(registration("sp_1", "po_1")), event_step(payout("po_1", "in_transit", 1000)),
      event_step(payout("po_1", "paid", 2000)), event_step(payout("po_2", "failed", 1500, "sp_1"))});
  EXPECT_THAT(state.at("shown/live:sp_1"), HasSubstr(R"("status":"paid")"));
}

TEST(SessionPayments, MetadataGoesBeforeTheRegistration) {
  const auto state = expect_same_in_every_order(std::vector<Step>{
      registration_step(registration("sp_1", "po_1")), registration_step(registration("sp_2")),
      event_step(payout("po_1", "paid", 1000, "sp_2")), event_step(payout("po_1", "pending", 500))});
  EXPECT_THAT(state.at("shown/live:sp_1"), HasSubstr(R"("status":"pending")"));
  EXPECT_THAT(state.at("shown/live:sp_2"), HasSubstr(R"("status":"paid")"));
}

TEST(SessionPayments, TheNewestNamedOneHolds) {
  const auto state = expect_same_in_every_order(
      {payout("po_1", "pending", 1000, "sp_1"), payout("po_1", "in_transit", 2000, "sp_2"),
       payout("po_1", "paid", 3000), payout("po_1", "pending", 1500, "sp_3")});
  EXPECT_THAT(state.at("shown/live:sp_1"), HasSubstr(R"("status":"pending")"));
  EXPECT_THAT(state.at("shown/live:sp_2"), HasSubstr(R"("status":"paid")"));
  EXPECT_THAT(state.at("shown/live:sp_3"), HasSubstr(R"("status":"pending")"));
}

TEST(SessionPayments, SeveralMayBeRegisteredWithOnePayout) {
  const auto state = expect_same_in_every_order(std::vector<Step>{
      registration_step(registration("sp_1", "po_1")), registration_step(registration("sp_2", "po_1")),
      event_step(payout("po_1", "paid", 1000))});
  EXPECT_THAT(state.at("shown/live:sp_1"), HasSubstr(R"("status":"paid")"));
  EXPECT_THAT(state.at("shown/live:sp_2"), HasSubstr(R"("status":"paid")"));
}

std::string numbered(int number) {
  const std::string digits = std::to_string(number);
  return "po_" + std::string(5 - digits.size(), '0') + digits;
}

// Whoever owns an account can name it in any number of payouts, in test mode for nothing.
TEST(SessionPayments, ThousandsOfPayoutsThatNameOneCrowdOutNoOtherAccounts) {
  std::vector<EventSpec> crowd;
  for (int i = 0; i < 2'000; ++i) crowd.push_back(payout(numbered(i), "paid", 1000, "sp_1"));
  for (auto& each : crowd) each.account = "acct_crowd";
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(payout("po_0", "paid", 1000, "sp_1"));
    crowd.back().account = "acct_of_many_" + std::to_string(i);
  }
  auto genuine = payout("po_99999", "paid", 1000, "sp_1"), chosen = payout("po_zzz", "paid", 1000, "sp_1");
  genuine.account = "acct_1";
  chosen.account = "acct_crowd";
  crowd.push_back(genuine);
  crowd.push_back(chosen);
  std::mt19937 random(7);
  std::optional<SessionPayment> expected;
  for (int order = 0; order < 3; ++order) {
    std::shuffle(crowd.begin(), crowd.end(), random);
    World world;
    auto said = registration("sp_1", "po_zzz");
    said.terms.amount = MinorUnits{97000};
    if (order == 0) register_payment(world, said);
    for (const auto& each : crowd) world.run(each);
    if (order != 0) register_payment(world, said);
    const auto found = row(world, "sp_1");
    EXPECT_LE(found.payouts.size(), 1'001U);
    const auto keeps = [&](const std::string& id, const std::string& account) {
      return std::any_of(found.payouts.begin(), found.payouts.end(),
                         [&](const auto& each) { return each.id == id && each.account == account; });
    };
    EXPECT_TRUE(keeps("po_99999", "acct_1"));
    EXPECT_TRUE(keeps("po_zzz", "acct_crowd"));
    EXPECT_TRUE(keeps("po_00000", "acct_crowd"));
    if (!expected) expected = found;
    EXPECT_EQ(found.payouts, expected->payouts) << order;
    EXPECT_TRUE(world.find<Alert>("session_payment_crowded:sp_1"));
  }
}

TEST(SessionPayments, RegisteringAnotherPayoutMovesIt) {
  World world;
  world.run(payout("po_1", "paid", 1000));
  register_payment(world, registration("sp_1", "po_1"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
  register_payment(world, registration("sp_1", "po_2"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  EXPECT_TRUE(world.find<Payout>("po_1")->registered.empty());
  EXPECT_TRUE(world.find<PayoutId>("po_1")->registered.empty());
  EXPECT_EQ(world.find<PayoutId>("po_2")->registered, std::vector<std::string>{"sp_1"});
  world.run(payout("po_1", "failed", 2000));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  world.run(payout("po_2", "paid", 3000));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
}

TEST(SessionPayments, MovingKeepsAPayoutThatMetadataNames) {
  World world;
  world.run(payout("po_1", "paid", 1000, "sp_1"));
  register_payment(world, registration("sp_1", "po_1"));
  register_payment(world, registration("sp_1", "po_2"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
}

TEST(SessionPayments, WhatARegistrationLeavesOutStays) {
  World world;
  register_payment(world, {.id = "sp_1",
                           .tester_id = "t_1",
                           .payout = "po_1",
                           .terms = {.amount = MinorUnits{500}, .currency = "usd"}});
  EXPECT_EQ(register_payment(world, {.id = "sp_1", .tester_id = "t_2"}), Outcome::applied);
  EXPECT_EQ(row(world, "sp_1").tester_id, "t_2");
  EXPECT_EQ(row(world, "sp_1").payout, "po_1");
  EXPECT_EQ(row(world, "sp_1").amount, MinorUnits{500});
  EXPECT_EQ(row(world, "sp_1").currency, "usd");
  EXPECT_EQ(register_payment(world, {.id = "sp_1", .tester_id = "t_2"}), Outcome::duplicate);
}

EventSpec of_account(EventSpec spec, std::string account) {
  spec.account = std::move(account);
  return spec;
}
EventSpec in_test_mode(EventSpec spec) {
  spec.livemode = false;
  return spec;
}

std::vector<std::string> alerts(const World& world) {
  std::vector<std::string> ids;
  for (const auto& alert : world.all<Alert>()) ids.push_back(alert.kind + ":" + alert.subject);
  return ids;
}

SessionPaymentView shown(const World& world, const std::string& id) {
  const auto live = world.find<SessionPayment>(id),
             test = world.find<SessionPayment>(id, {.livemode = false});
  return session_payment_view_of_any_mode(shown_of(live ? &*live : nullptr, test ? &*test : nullptr));
}

// In every order of the steps, each of them twice.
void in_every_order(std::vector<Step> steps, const std::function<void(const World&)>& check) {
  expect_same_in_every_order(steps);
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  do {
    World world;
    for (int round = 0; round < 2; ++round)
      for (const auto at : order) steps[at](world);
    check(world);
  } while (std::next_permutation(order.begin(), order.end()));
}

// 97000 usd is what payout() says.
TEST(PayoutMismatch, APayoutThatIsNotAsRegisteredSettlesNothing) {
  const Registration as_paid{
      .id = "sp_1", .tester_id = "t_1", .terms = {MinorUnits{97'000}, "usd", "acct_1"}};
  auto other_amount = as_paid, other_currency = as_paid, other_account = as_paid;
  other_amount.terms.amount = MinorUnits{97'001};
  other_currency.terms.currency = "eur";
  other_account.terms.account = "acct_2";
  const auto paid = of_account(payout("po_1", "paid", 1000, "sp_1"), "acct_1");
  for (const auto& registered : {other_amount, other_currency, other_account}) {
    in_every_order({registration_step(registered), event_step(paid)}, [&](const World& world) {
      EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
      EXPECT_THAT(alerts(world), ElementsAre("payout_mismatch:po_1"));
      EXPECT_TRUE(outbox(world, "tester.payout_paid").empty());
      EXPECT_EQ(session_payment_view(row(world, "sp_1")).payout, std::nullopt);
      EXPECT_EQ(world.find<Payout>("po_1", {true, "acct_1"})->status, PayoutStatus::paid);
    });
  }
  in_every_order({registration_step(as_paid), event_step(paid)}, [](const World& world) {
    EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
    EXPECT_TRUE(alerts(world).empty());
    EXPECT_EQ(outbox(world, "tester.payout_paid").size(), 1u);
  });
}

TEST(PayoutMismatch, WhatWasNotRegisteredIsNotAsked) {
  in_every_order({registration_step({.id = "sp_1", .tester_id = "t_1", .terms = {.currency = "usd"}}),
                  event_step(of_account(payout("po_1", "paid", 1000, "sp_1"), "acct_1"))},
                 [](const World& world) {
                   EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
                   EXPECT_TRUE(alerts(world).empty());
                 });
}

TEST(PayoutMismatch, ARegisteredPayoutIsComparedToo) {
  in_every_order(
      {registration_step(
           {.id = "sp_1", .tester_id = "t_1", .payout = "po_1", .terms = {.amount = MinorUnits{5000}}}),
       event_step(payout("po_1", "paid", 1000))},
      [](const World& world) {
        EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
        EXPECT_THAT(alerts(world), ElementsAre("payout_mismatch:po_1"));
      });
}

TEST(PayoutMismatch, OneThatAgreesSettlesBesideOneThatDoesNot) {
  in_every_order({registration_step({.id = "sp_1", .tester_id = "t_1", .terms = {.account = "acct_1"}}),
                  event_step(of_account(payout("po_1", "failed", 1000, "sp_1"), "acct_2")),
                  event_step(of_account(payout("po_2", "paid", 1000, "sp_1"), "acct_1")),
                  event_step(of_account(payout("po_2", "failed", 1000, "sp_1"), "acct_3"))},
                 [](const World& world) {
                   EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
                   EXPECT_EQ(session_payment_view(row(world, "sp_1")).payout, "po_2");
                   EXPECT_EQ(outbox(world, "tester.payout_paid").size(), 1u);
                 });
}

TEST(PayoutMismatch, RegisteringWhatThePayoutSaysSettlesIt) {
  World world;
  world.run(payout("po_1", "paid", 1000, "sp_1"));
  register_payment(world, {.id = "sp_1", .tester_id = "t_1", .terms = {.amount = MinorUnits{5}}});
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  register_payment(world, {.id = "sp_1", .tester_id = "t_1", .terms = {.amount = MinorUnits{97'000}}});
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
  EXPECT_EQ(outbox(world, "tester.payout_paid").size(), 1u);
}

TEST(SessionPaymentModes, ATestPayoutNeverSettlesALiveOne) {
  in_every_order({registration_step({.id = "sp_1", .tester_id = "t_1", .livemode = true}),
                  event_step(in_test_mode(payout("po_1", "paid", 1000, "sp_1")))},
                 [](const World& world) {
                   EXPECT_EQ(shown(world, "sp_1").status, SessionPaymentStatus::pending);
                   EXPECT_EQ(shown(world, "sp_1").livemode, true);
                   EXPECT_TRUE(alerts(world).empty()) << "another mode is no mismatch";
                   EXPECT_TRUE(outbox(world, "tester.payout_paid").empty());
                 });
}

TEST(SessionPaymentModes, RegisteredForBothItIsShownByLivePayoutsElseByTestOnes) {
  const auto both = registration_step(registration("sp_1"));
  const auto test = event_step(in_test_mode(payout("po_1", "paid", 1000, "sp_1")));
  const auto live = event_step(payout("po_2", "failed", 1000, "sp_1"));
  in_every_order({both}, [](const World& world) {
    EXPECT_EQ(shown(world, "sp_1").status, SessionPaymentStatus::pending);
    EXPECT_EQ(shown(world, "sp_1").livemode, std::nullopt);
  });
  in_every_order({both, test}, [](const World& world) {
    EXPECT_EQ(shown(world, "sp_1").status, SessionPaymentStatus::paid);
    EXPECT_EQ(shown(world, "sp_1").livemode, false);
  });
  in_every_order({both, test, live}, [](const World& world) {
    EXPECT_EQ(shown(world, "sp_1").status, SessionPaymentStatus::failed);
    EXPECT_EQ(shown(world, "sp_1").livemode, true);
  });
}

TEST(SessionPaymentModes, ALivePayoutThatDisagreesDoesNotHideTheTestOne) {
  in_every_order({registration_step({.id = "sp_1", .tester_id = "t_1", .terms = {.account = "acct_1"}}),
                  event_step(payout("po_2", "paid", 1000, "sp_1")),
                  event_step(in_test_mode(of_account(payout("po_1", "paid", 1000, "sp_1"), "acct_1")))},
                 [](const World& world) {
                   EXPECT_EQ(shown(world, "sp_1").status, SessionPaymentStatus::paid);
                   EXPECT_EQ(shown(world, "sp_1").livemode, false);
                 });
}

TEST(SessionPaymentModes, EachModeIsRegisteredForItself) {
  in_every_order(
      {registration_step(
           {.id = "sp_1", .tester_id = "t_live", .terms = {.amount = MinorUnits{1}}, .livemode = true}),
       registration_step({.id = "sp_1", .tester_id = "t_test", .livemode = false}),
       event_step(in_test_mode(payout("po_1", "paid", 1000, "sp_1")))},
      [](const World& world) {
        EXPECT_EQ(shown(world, "sp_1").tester_id, "t_live");
        EXPECT_EQ(shown(world, "sp_1").status, SessionPaymentStatus::pending);
        const auto test = world.find<SessionPayment>("sp_1", {.livemode = false});
        EXPECT_EQ(test->tester_id, "t_test");
        EXPECT_EQ(session_payment_view(*test).status, SessionPaymentStatus::paid);
      });
}

TEST(SessionPaymentModes, RegisteringAgainWithoutAModeKeepsIt) {
  World world;
  register_payment(world, {.id = "sp_1", .tester_id = "t_1", .livemode = true});
  register_payment(world, registration("sp_1", {}, "t_2"));
  EXPECT_EQ(shown(world, "sp_1").tester_id, "t_2");
  EXPECT_EQ(shown(world, "sp_1").livemode, true);
  EXPECT_FALSE(world.find<SessionPayment>("sp_1", {.livemode = false}));
}

TEST(SessionPaymentModes, ThatOnlyATestPayoutHasNamedIsATestOne) {
  World world;
  world.run(in_test_mode(payout("po_1", "paid", 1000, "sp_1")));
  EXPECT_EQ(shown(world, "sp_1").livemode, false);
}

TEST(PayoutIds, OneIdInTwoModesAndAccountsIsFourPayouts) {
  const auto told = [](const char* status) { return payout("po_1", status, 1000); };
  const auto state = expect_same_in_every_order({told("paid"), in_test_mode(told("failed")),
                                                 of_account(told("canceled"), "acct_1"),
                                                 in_test_mode(of_account(told("in_transit"), "acct_1"))});
  EXPECT_THAT(state.at("payouts/live:po_1"), HasSubstr("status=paid"));
  EXPECT_THAT(state.at("payouts/test:po_1"), HasSubstr("status=failed"));
  EXPECT_THAT(state.at("payouts/live/acct_1:po_1"), HasSubstr("status=canceled"));
  EXPECT_THAT(state.at("payouts/test/acct_1:po_1"), HasSubstr("status=in_transit"));
}

TEST(PayoutIds, ARegistrationFindsThePayoutOfWhicheverAccount) {
  in_every_order({registration_step(
                      {.id = "sp_1", .tester_id = "t_1", .payout = "po_1", .terms = {.account = "acct_2"}}),
                  event_step(of_account(payout("po_1", "failed", 1000), "acct_1")),
                  event_step(of_account(payout("po_1", "paid", 1000), "acct_2"))},
                 [](const World& world) {
                   EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
                   EXPECT_EQ(outbox(world, "tester.payout_paid").size(), 1u);
                 });
}

TEST(TesterPayoutPaid, IsToldOnceInEveryOrderOfRegistrationAndPayment) {
  const std::vector<Step> steps = {registration_step(registration("sp_1", "po_1")),
                                   event_step(payout("po_1", "paid", 1000)),
                                   event_step(payout("po_1", "paid", 1001))};
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    World world;
    for (int round = 0; round < 2; ++round)
      for (const auto i : order) steps[i](world);
    const auto told = outbox(world, "tester.payout_paid");
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(
        told.front().data,
        R"({"payout":"po_1","session_payment":"sp_1","tester_id":"t_1","amount":97000,"currency":"usd",)"
        R"("arrival_date":"1970-01-01T01:23:20Z","account":null,"livemode":true})");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(TesterPayoutPaid, IsToldWhenTheTesterOfANamedOneBecomesKnown) {
  World world;
  world.run(payout("po_1", "paid", 1000, "sp_1"));
  world.run(payout("po_2", "paid", 1000, "sp_1"));
  EXPECT_TRUE(outbox(world, "tester.payout_paid").empty()) << "there is no one to tell of";
  register_payment(world, registration("sp_1"));
  EXPECT_EQ(outbox(world, "tester.payout_paid").size(), 2u);
}

TEST(TesterPayoutPaid, IsToldWhenMetadataNamesItLater) {
  World world;
  register_payment(world, registration("sp_1"));
  world.run(payout("po_1", "paid", 1000));
  EXPECT_TRUE(outbox(world, "tester.payout_paid").empty());
  world.run(payout("po_1", "paid", 2000, "sp_1"));
  EXPECT_EQ(outbox(world, "tester.payout_paid").size(), 1u);
}

TEST(TesterPayoutPaid, IsNotToldOfAPayoutThatFailedAlready) {
  World world;
  world.run(payout("po_1", "failed", 2000));
  register_payment(world, registration("sp_1", "po_1"));
  world.run(payout("po_1", "paid", 1000));
  EXPECT_TRUE(outbox(world, "tester.payout_paid").empty());
}

TEST(SessionPaymentView, HasTheFieldsOfTheContract) {
  auto known = make_row<SessionPayment>({.livemode = true}, "sp_1");
  known.payouts = {{"po_7", "acct_1", PayoutStatus::paid, MinorUnits{5}, "usd"}};
  EXPECT_EQ(json::to_text(session_payment_view(known)),
            R"({"id":"sp_1","tester_id":null,"payout":"po_7","status":"paid","amount":null,"currency":null,)"
            R"("account":null,"livemode":true})");
  known.payout = "po_1";
  EXPECT_EQ(session_payment_view(known).payout, "po_1");
}

// What happens in one mode, or, without one, in both.
struct ModeStep {
  std::optional<bool> livemode;
  Step run;
};

// Registrations of one session payment among themselves: the last one holds. So each is registered once.
std::vector<ModeStep> random_steps(std::mt19937_64& random) {
  const auto number = [&](std::uint64_t below) { return std::to_string(random() % below); };
  std::vector<ModeStep> steps;
  for (int sp = 0; sp < 3; ++sp) {
    if (random() % 4 == 0) continue;
    Registration said = registration("sp_" + std::to_string(sp));
    if (random() % 2 == 0) said.payout = "po_" + number(2);
    if (random() % 3 == 0) said.terms.amount = MinorUnits{random() % 2 == 0 ? 97'000 : 1};
    if (random() % 3 == 0) said.terms.account = "acct_" + number(2);
    if (random() % 2 == 0) said.livemode = random() % 2 == 0;
    steps.push_back({said.livemode, registration_step(said)});
  }
  constexpr std::string_view kStatuses[] = {"pending", "in_transit", "paid", "canceled", "failed"};
  for (std::uint64_t count = 1 + random() % 6; count > 0; --count) {
    auto told =
        payout("po_" + number(2), kStatuses[random() % 5], 1000 + static_cast<std::int64_t>(random() % 3),
               random() % 2 == 0 ? "sp_" + number(3) : "");
    if (random() % 2 == 0) told.account = "acct_" + number(2);
    told.livemode = random() % 3 != 0;
    steps.push_back({told.livemode, event_step(told)});
  }
  return steps;
}

TEST(SessionPayments, AnyStepsInAnyOrderEndTheSame) {
  std::mt19937_64 random(test_seed());
  for (int round = 0; round < 500; ++round) {
    auto steps = random_steps(random);
    World expected;
    for (const auto& step : steps) step.run(expected);
    for (int shuffle = 0; shuffle < 10; ++shuffle) {
      std::shuffle(steps.begin(), steps.end(), random);
      World world;
      for (const auto& step : steps) step.run(world);
      ASSERT_EQ(state_with_views(world), state_with_views(expected)) << "round " << round;
    }
  }
}

// Registrations without a mode have a part in each.
TEST(SessionPayments, ModesNeverInfluenceOneAnother) {
  std::mt19937_64 random(test_seed() + 1);
  for (int round = 0; round < 300; ++round) {
    const auto steps = random_steps(random);
    World mixed;
    for (const auto& step : steps) step.run(mixed);
    std::map<std::string, std::string> apart;
    for (const bool livemode : {true, false}) {
      World alone;
      for (const auto& step : steps)
        if (step.livemode.value_or(livemode) == livemode) step.run(alone);
      for (const auto& [key, row] : state_with_views(alone))
        if (key.find(livemode ? "/live" : "/test") != std::string::npos) apart.emplace(key, row);
    }
    ASSERT_EQ(state_with_views(mixed), apart) << "round " << round;
  }
}

}  // namespace
}  // namespace penstock::testing
