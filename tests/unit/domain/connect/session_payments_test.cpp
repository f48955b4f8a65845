#include "workers/domain/connect/session_payments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/domain/connect/connect_events.h"

namespace penstock::testing {
namespace {

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
  return {std::string(id), std::string(tester), std::move(payout_id), {}, {}};
}

SessionPayment row(const World& world, const std::string& id) {
  const auto found = world.find<SessionPayment>(id);
  CHECK(found.has_value());
  return *found;
}

SessionPaymentStatus status(const World& world, const std::string& id) { return row(world, id).status; }

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
  EXPECT_THAT(state.at("session_payments/sp_1"), HasSubstr("status=paid"));
}

TEST(SessionPayments, MetadataGoesBeforeTheRegistration) {
  const auto state = expect_same_in_every_order(std::vector<Step>{
      registration_step(registration("sp_1", "po_1")), registration_step(registration("sp_2")),
      event_step(payout("po_1", "paid", 1000, "sp_2")), event_step(payout("po_1", "pending", 500))});
  EXPECT_THAT(state.at("session_payments/sp_1"), HasSubstr("status=pending"));
  EXPECT_THAT(state.at("session_payments/sp_2"), HasSubstr("status=paid"));
}

TEST(SessionPayments, TheNewestNamedOneHolds) {
  const auto state = expect_same_in_every_order(
      {payout("po_1", "pending", 1000, "sp_1"), payout("po_1", "in_transit", 2000, "sp_2"),
       payout("po_1", "paid", 3000), payout("po_1", "pending", 1500, "sp_3")});
  EXPECT_THAT(state.at("session_payments/sp_1"), HasSubstr("status=pending"));
  EXPECT_THAT(state.at("session_payments/sp_2"), HasSubstr("status=paid"));
  EXPECT_THAT(state.at("session_payments/sp_3"), HasSubstr("status=pending"));
}

TEST(SessionPayments, SeveralMayBeRegisteredWithOnePayout) {
  const auto state = expect_same_in_every_order(std::vector<Step>{
      registration_step(registration("sp_1", "po_1")), registration_step(registration("sp_2", "po_1")),
      event_step(payout("po_1", "paid", 1000))});
  EXPECT_THAT(state.at("session_payments/sp_1"), HasSubstr("status=paid"));
  EXPECT_THAT(state.at("session_payments/sp_2"), HasSubstr("status=paid"));
}

TEST(SessionPayments, RegisteringAnotherPayoutMovesIt) {
  World world;
  world.run(payout("po_1", "paid", 1000));
  register_payment(world, registration("sp_1", "po_1"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::paid);
  register_payment(world, registration("sp_1", "po_2"));
  EXPECT_EQ(status(world, "sp_1"), SessionPaymentStatus::pending);
  EXPECT_TRUE(world.find<Payout>("po_1")->registered.empty());
  EXPECT_EQ(world.find<Payout>("po_2")->registered, std::vector<std::string>{"sp_1"});
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
  register_payment(world, {"sp_1", "t_1", "po_1", MinorUnits{500}, "usd"});
  EXPECT_EQ(register_payment(world, {"sp_1", "t_2", {}, {}, {}}), Outcome::applied);
  EXPECT_EQ(row(world, "sp_1").tester_id, "t_2");
  EXPECT_EQ(row(world, "sp_1").payout, "po_1");
  EXPECT_EQ(row(world, "sp_1").amount, MinorUnits{500});
  EXPECT_EQ(row(world, "sp_1").currency, "usd");
  EXPECT_EQ(register_payment(world, {"sp_1", "t_2", {}, {}, {}}), Outcome::duplicate);
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
        R"("arrival_date":"1970-01-01T01:23:20Z"})");
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
  SessionPayment known;
  known.id = "sp_1";
  known.payouts = {{"po_7", PayoutStatus::paid}};
  EXPECT_EQ(
      json::to_text(session_payment_view(known)),
      R"({"id":"sp_1","tester_id":null,"payout":"po_7","status":"pending","amount":null,"currency":null})");
  known.payout = "po_1";
  EXPECT_EQ(session_payment_view(known).payout, "po_1");
}

// Registrations of one session payment among themselves: the last one holds. So each is registered once.
std::vector<Step> random_steps(std::mt19937_64& random) {
  const auto number = [&](std::uint64_t below) { return std::to_string(random() % below); };
  std::vector<Step> steps;
  for (int sp = 0; sp < 3; ++sp)
    if (random() % 3 != 0)
      steps.push_back(registration_step(registration("sp_" + std::to_string(sp), "po_" + number(2))));
  constexpr std::string_view kStatuses[] = {"pending", "in_transit", "paid", "canceled", "failed"};
  for (std::uint64_t count = 1 + random() % 5; count > 0; --count)
    steps.push_back(event_step(payout("po_" + number(2), kStatuses[random() % 5],
                                      1000 + static_cast<std::int64_t>(random() % 3),
                                      random() % 2 == 0 ? "sp_" + number(3) : "")));
  return steps;
}

TEST(SessionPayments, AnyStepsInAnyOrderEndTheSame) {
  std::mt19937_64 random(test_seed());
  for (int round = 0; round < 500; ++round) {
    auto steps = random_steps(random);
    World expected;
    for (const auto& step : steps) step(expected);
    for (int shuffle = 0; shuffle < 10; ++shuffle) {
      std::shuffle(steps.begin(), steps.end(), random);
      World world;
      for (const auto& step : steps) step(world);
      ASSERT_EQ(world.state(), expected.state()) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace penstock::testing
