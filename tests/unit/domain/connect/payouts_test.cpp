#include "workers/domain/connect/payouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/connect/connect_events.h"
#include "workers/domain/connect/retries.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kHour = 3600;

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

const Scope kAccount{true, "acct_1"};

// A payout po_1 of 97000 usd; `more` are further members.
EventSpec told(std::string_view what, std::string_view status, std::int64_t created,
               std::string_view more = {}) {
  std::string object = R"({"id":"po_1","object":"payout","amount":97000,"currency":"usd","arrival_date":5000,
      "destination":"ba_1","status":")";
  object.append(status).append("\"");
  if (!more.empty()) object.append(",").append(more);
  return {
      .type = "payout." + std::string(what), .object = object + "}", .created = created, .account = "acct_1"};
}

EventSpec failed(std::int64_t created, std::string_view code) {
  return told("failed", "failed", created, R"("failure_code":")" + std::string(code) + "\"");
}

Payout row(const World& world) {
  const auto found = world.find<Payout>("po_1", kAccount);
  CHECK(found.has_value());
  return *found;
}

// What the timer does at `now`.
Outcome sweep(World& world, Timestamp now, const Policy& policy = {}) {
  const auto effects = world.carry_out(
      EventKey{"timer:sweep"}, [](const View&, Reads& reads) { reads.want<Payout>(kAccount.key("po_1")); },
      [&](const View& view) -> Result<Effects> {
        return decide_due_retry(view, kAccount.key("po_1"), now, policy);
      });
  CHECK(effects.has_value());
  return effects.value().outcome;
}

TEST(PayoutsRead, TheObjectIsReadAsStripeSpellsIt) {
  const auto facts = read_payout(build_event(told("failed", "failed", 1000, R"("failure_code":"no_account",
      "failure_message":"none there","metadata":{"session_payment_id":"sp_1"})")));
  ASSERT_TRUE(facts.has_value()) << facts.error().detail;
  EXPECT_EQ(facts.value().id, "po_1");
  EXPECT_EQ(facts.value().said.amount, MinorUnits{97'000});
  EXPECT_EQ(facts.value().said.currency, "usd");
  EXPECT_EQ(facts.value().said.arrival_date, at(5000));
  EXPECT_EQ(facts.value().said.destination, "ba_1");
  EXPECT_EQ(facts.value().said.failure_code, "no_account");
  EXPECT_EQ(facts.value().said.failure_message, "none there");
  EXPECT_EQ(facts.value().session_payment, "sp_1");
}

TEST(PayoutsRead, TheHigherOfTypeAndObjectIsTheStatus) {
  const auto status = [](std::string_view what, std::string_view object) {
    return read_payout(build_event(told(what, object, 1000))).value().said.status;
  };
  EXPECT_EQ(status("created", "pending"), PayoutStatus::pending);
  EXPECT_EQ(status("created", "paid"), PayoutStatus::paid) << "as in test mode";
  EXPECT_EQ(status("updated", "in_transit"), PayoutStatus::in_transit);
  EXPECT_EQ(status("paid", "in_transit"), PayoutStatus::paid);
  EXPECT_EQ(status("paid", "failed"), PayoutStatus::failed);
  EXPECT_EQ(status("canceled", "pending"), PayoutStatus::canceled);
  EXPECT_EQ(status("failed", "paid"), PayoutStatus::failed);
  EXPECT_EQ(status("reconciliation_completed", "paid"), PayoutStatus::paid);
}

TEST(PayoutsRead, ANegativePayoutIsAnAmount) {
  const auto facts = read_payout(
      build_event({.type = "payout.created", .object = R"({"id":"po_1","status":"pending","amount":-500})"}));
  ASSERT_TRUE(facts.has_value()) << "Stripe collects a negative balance so";
  EXPECT_EQ(facts.value().said.amount, MinorUnits{-500});
}

TEST(PayoutsRead, WrongShapesAreRefused) {
  const auto refusal = [](std::string object) {
    const auto facts = read_payout(build_event({.type = "payout.updated", .object = std::move(object)}));
    return facts ? std::string() : facts.error().detail;
  };
  EXPECT_THAT(refusal(R"({"id":"po_1","status":"lost"})"),
              HasSubstr("wrong_shape: data.object.status is no payout status"));
  EXPECT_THAT(refusal(R"({"id":"po_1"})"), HasSubstr("data.object.status"));
  EXPECT_THAT(refusal(R"({"status":"paid"})"), HasSubstr("data.object.id"));
  EXPECT_THAT(refusal(R"({"id":")" + std::string(256, 'x') + R"(","status":"paid"})"),
              HasSubstr("data.object.id"));
  EXPECT_EQ(refusal(R"({"id":")" + std::string(255, 'x') + R"(","status":"paid"})"), "");
  EXPECT_THAT(refusal(R"({"id":"po_1","status":"paid","amount":1e3})"), HasSubstr("data.object.amount"));
  EXPECT_THAT(refusal(R"({"id":"po_1","status":"paid","metadata":[]})"), HasSubstr("data.object.metadata"));
}

TEST(PayoutsDecide, FailedAfterPaidWins) {
  const auto state =
      expect_same_in_every_order({told("created", "pending", 1000), told("updated", "in_transit", 2000),
                                  told("paid", "paid", 3000), failed(4000, "could_not_process")});
  EXPECT_THAT(state.at("payouts/live/acct_1:po_1"), HasSubstr("status=failed"));
}

TEST(PayoutsDecide, TheHighestStatusWinsWhateverCreatedSays) {
  const auto state = expect_same_in_every_order(
      {told("paid", "paid", 1000),
       told("updated", "in_transit", 9000, R"("failure_message":"later but lower")"),
       told("canceled", "canceled", 500)});
  EXPECT_THAT(state.at("payouts/live/acct_1:po_1"), HasSubstr("status=canceled"));
  World world;
  world.run(told("paid", "paid", 1000));
  EXPECT_EQ(world.run(told("updated", "in_transit", 9000)), Outcome::stale);
  EXPECT_EQ(row(world).status, PayoutStatus::paid);
}

TEST(PayoutsDecide, TheRestIsOfTheNewestEventWithThatStatus) {
  const auto state = expect_same_in_every_order(
      {told("paid", "paid", 1000, R"("failure_message":"older")"),
       told("updated", "paid", 2000, R"("failure_message":"newest")"),
       told("created", "paid", 2000, R"("failure_message":"same second, earlier in life")"),
       told("updated", "in_transit", 3000, R"("failure_message":"lower")")});
  EXPECT_THAT(state.at("payouts/live/acct_1:po_1"), HasSubstr("failure_message=newest"));
}

TEST(PayoutsDecide, OutcomesSayWhatWasNew) {
  World world;
  EXPECT_EQ(world.run(told("created", "paid", 1000)), Outcome::applied);
  EXPECT_EQ(world.run(told("paid", "paid", 1000)), Outcome::duplicate);
  EXPECT_EQ(world.run(told("updated", "paid", 900)), Outcome::stale);
  EXPECT_EQ(world.run(told("updated", "paid", 2000, R"("failure_message":"new")")), Outcome::applied);
  EXPECT_EQ(world.run(told("updated", "in_transit", 900, R"("metadata":{"session_payment_id":"sp_1"})")),
            Outcome::applied)
      << "stale, but it names the session payment";
}

TEST(PayoutsOutbound, PaidAndFailedAreToldOnceEach) {
  World world;
  world.run(told("created", "paid", 1000));
  world.run(told("paid", "paid", 1001));
  EXPECT_EQ(outbox(world, "payout.paid").size(), 1u);
  world.run(failed(2000, "no_account"));
  world.run(told("updated", "failed", 2001, R"("failure_code":"no_account","failure_message":"x")"));
  EXPECT_EQ(outbox(world, "payout.failed").size(), 1u);
  EXPECT_EQ(outbox(world, "payout.paid").size(), 1u);
  EXPECT_THAT(outbox(world, "payout.failed").front().data, HasSubstr(R"("failure_code":"no_account")"));
}

TEST(PayoutsOutbound, OnePaidAfterItFailedIsNotTold) {
  World world;
  world.run(failed(2000, "no_account"));
  world.run(told("paid", "paid", 1000));
  EXPECT_TRUE(outbox(world, "payout.paid").empty());
}

TEST(PayoutsOutbound, AFailureRaisesOneAlert) {
  World world;
  world.run(told("paid", "paid", 1000));
  EXPECT_TRUE(world.all<Alert>().empty());
  world.run(failed(2000, "could_not_process"));
  world.run(failed(3000, "could_not_process"));
  const auto alerts = world.all<Alert>();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts.front().kind, "payout_failed");
  EXPECT_EQ(alerts.front().subject, "po_1");
  EXPECT_EQ(alerts.front().message, "Payout po_1 of acct_1 over 97000 usd failed: could_not_process");
  EXPECT_EQ(outbox(world, "alert.raised").size(), 1u);
}

TEST(PayoutRetries, NoneWhileNothingFailed) {
  World world;
  world.run(told("paid", "paid", 1000));
  EXPECT_EQ(row(world).retry_state, RetryState::none);
  EXPECT_EQ(sweep(world, at(1'000'000)), Outcome::ignored);
}

TEST(PayoutRetries, AFailureQueuesOneFromItsOwnTime) {
  World world;
  world.run(failed(10'000, "could_not_process"));
  EXPECT_EQ(row(world).retry_state, RetryState::queued);
  EXPECT_EQ(row(world).retry_attempts, 0);
  EXPECT_EQ(row(world).retry_next_at, at(10'000 + kHour));
}

TEST(PayoutRetries, ThePlanIsTheSameInEveryOrderOfFailures) {
  const auto state = expect_same_in_every_order(
      {failed(1000, "no_account"), failed(3000, "could_not_process"), told("paid", "paid", 9000)});
  EXPECT_THAT(state.at("payouts/live/acct_1:po_1"), HasSubstr("retry_state=queued"));
  EXPECT_THAT(state.at("payouts/live/acct_1:po_1"),
              HasSubstr("retry_next_at=" + std::to_string(to_unix_ms(at(3000 + kHour)))));
}

TEST(PayoutRetries, APermanentFailureIsNotRetried) {
  for (const std::string_view code :
       {"account_closed", "no_account", "invalid_account_number", "debit_not_authorized",
        "bank_ownership_changed", "invalid_currency", "unsupported_card"}) {
    World world;
    world.run(failed(1000, code));
    EXPECT_EQ(row(world).retry_state, RetryState::exhausted) << code;
    EXPECT_EQ(row(world).retry_next_at, std::nullopt) << code;
    EXPECT_EQ(sweep(world, at(1'000'000)), Outcome::ignored) << code;
  }
  for (const std::string_view code :
       {"could_not_process", "insufficient_funds", "declined", "account_frozen", "", "new"})
    EXPECT_FALSE(is_permanent_failure(code)) << code;
}

TEST(PayoutRetries, WithoutDelaysNothingIsRetried) {
  World world(Policy{.payout_retry_delays = {}});
  world.run(failed(1000, "could_not_process"));
  EXPECT_EQ(row(world).retry_state, RetryState::exhausted);
}

TEST(PayoutRetries, AStaleEventDoesNotPlanAnewUnderOtherSettings) {
  World world;
  world.run(failed(10'000, "could_not_process"));
  const auto stale = read_payout(build_event(told("paid", "paid", 9000))).value();
  const View view =
      world.view_of([&](const View& loaded, Reads& reads) { name_reads(loaded, stale, reads); });
  const auto effects = decide(view, stale, Policy{.payout_retry_delays = {}});
  ASSERT_TRUE(effects.has_value());
  EXPECT_EQ(effects.value().outcome, Outcome::stale);
  EXPECT_TRUE(effects.value().touched.empty());
}

TEST(PayoutRetries, NoneIsCalledBeforeItsTime) {
  World world;
  world.run(failed(10'000, "could_not_process"));
  EXPECT_EQ(sweep(world, at(10'000 + kHour) - Milliseconds{1}), Outcome::ignored);
  EXPECT_TRUE(outbox(world, "payout.retry_due").empty());
  EXPECT_EQ(sweep(world, at(10'000 + kHour)), Outcome::applied);
  EXPECT_EQ(outbox(world, "payout.retry_due").size(), 1u);
}

TEST(PayoutRetries, EachDelayIsOneCallAndThenNoMore) {
  World world;
  world.run(failed(0, "could_not_process"));
  EXPECT_EQ(sweep(world, at(2 * kHour)), Outcome::applied);
  EXPECT_EQ(row(world).retry_state, RetryState::due);
  EXPECT_EQ(row(world).retry_attempts, 1);
  EXPECT_EQ(row(world).retry_next_at, at(8 * kHour)) << "counted from the call";
  EXPECT_EQ(sweep(world, at(2 * kHour)), Outcome::ignored);
  EXPECT_EQ(sweep(world, at(8 * kHour)), Outcome::applied);
  EXPECT_EQ(sweep(world, at(32 * kHour)), Outcome::applied);
  EXPECT_EQ(row(world).retry_state, RetryState::exhausted);
  EXPECT_EQ(row(world).retry_attempts, 3);
  EXPECT_EQ(row(world).retry_next_at, std::nullopt);
  EXPECT_EQ(sweep(world, at(1000 * kHour)), Outcome::ignored);
  EXPECT_EQ(outbox(world, "payout.retry_due").size(), 3u);
}

TEST(PayoutRetries, ACalledRetryKeepsItsTimeWhenTheFailureIsToldAgain) {
  World world;
  world.run(failed(0, "could_not_process"));
  sweep(world, at(2 * kHour));
  world.run(failed(3000, "could_not_process"));
  EXPECT_EQ(row(world).retry_state, RetryState::due);
  EXPECT_EQ(row(world).retry_next_at, at(8 * kHour));
  world.run(failed(4000, "account_closed"));
  EXPECT_EQ(row(world).retry_state, RetryState::exhausted);
}

TEST(PayoutRetries, TheCallCarriesThePayout) {
  World world;
  world.run(failed(0, "could_not_process"));
  sweep(world, at(2 * kHour));
  const auto calls = outbox(world, "payout.retry_due");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls.front().event.value, "timer:payout.retry_due:live/acct_1:po_1:1");
  EXPECT_THAT(calls.front().data, HasSubstr(R"("id":"po_1")"));
  EXPECT_THAT(calls.front().data, HasSubstr(R"("retry":{"state":"due","attempts":1,)"));
}

TEST(PayoutView, HasTheFieldsOfTheContract) {
  Payout payout;
  payout.id = "po_1";
  payout.status = PayoutStatus::in_transit;
  payout.registered = {"sp_2", "sp_3"};
  EXPECT_EQ(
      json::to_text(payout_view(payout)),
      R"({"id":"po_1","account":null,"status":"in_transit","amount":null,"currency":null,"arrival_date":null,)"
      R"("destination":null,"failure_code":null,"failure_message":null,"session_payment":"sp_2",)"
      R"("retry":{"state":"none","attempts":0,"next_at":null},"livemode":false})");
  payout.session_payment = "sp_1";
  EXPECT_EQ(payout_view(payout).session_payment, "sp_1");
}

}  // namespace
}  // namespace penstock::testing
