// Any order, repetition and batching of one set of payment events ends the
// same, and no money is made or lost.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/domain/payments/payment_events.h"
#include "tests/unit/domain/properties/random_events.h"

namespace penstock::testing {
namespace {

constexpr int kRounds = 400;
constexpr int kOrdersPerRound = 6;

// Payments as clients read them, by every id there is.
std::map<std::string, std::string> payments(const World& world) {
  std::map<std::string, std::string> texts;
  const auto add = [&](const auto& rows) {
    for (const auto& row : rows) {
      auto found = payment(world, row.id, {row.livemode, row.account});
      found->fulfilled_by.reset();
      texts[row.key] = json::to_text(*found);
    }
  };
  add(world.all<CheckoutSession>());
  add(world.all<PaymentIntent>());
  add(world.all<Charge>());
  return texts;
}

TEST(PaymentProperties, AnyOrderRepetitionAndBatchingEndsTheSame) {
  Random random(test_seed());
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const Events events = any_payment_events(random, 2 + below(random, 12));
    const Policy policy{.trust_connected_accounts = one_in(random, 2)};
    World expected(policy);
    for (const auto& event : events) expected.run(event);
    expected.expect_balanced();
    for (int order = 0; order < kOrdersPerRound && !::testing::Test::HasFailure(); ++order) {
      const Events delivered = redelivered(events, random);
      SCOPED_TRACE(describe(events) + "against\n" + describe(delivered));
      World world(policy);
      run_in_any_batches(world, delivered, random);
      world.expect_balanced();
      EXPECT_EQ(differences(world.state(), expected.state()), "");
      EXPECT_EQ(differences(payments(world), payments(expected)), "");
    }
  }
}

TEST(PaymentProperties, EveryPermutationOfFiveEventsEndsTheSame) {
  Random random(test_seed() + 1);
  for (int round = 0; round < 12 && !::testing::Test::HasFailure(); ++round) {
    const Events events = any_payment_events(random, 5);
    std::vector<std::size_t> order = {0, 1, 2, 3, 4};
    std::optional<std::map<std::string, std::string>> expected;
    do {
      World world;
      for (const auto at : order) world.run(events[at]);
      world.expect_balanced();
      if (!expected) expected = world.state();
      ASSERT_EQ(differences(world.state(), *expected), "") << describe(events);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

// What the wallets hold of each session, as the ledger has it and as the sessions' rows say.
using MoneyOfSessions = std::map<std::string, std::int64_t>;
MoneyOfSessions posted(const World& world) {
  MoneyOfSessions money;
  for (const auto& entry : world.all<LedgerEntry>())
    if (entry.user_id) money[entry.payment] += entry.amount.value;
  std::erase_if(money, [](const auto& each) { return each.second == 0; });
  return money;
}
MoneyOfSessions remembered(const World& world) {
  MoneyOfSessions money;
  for (const auto& row : world.all<CheckoutSession>())
    if (row.credited_to) money[row.id] += row.credited.value - row.reversed.value;
  std::erase_if(money, [](const auto& each) { return each.second == 0; });
  return money;
}

// Accounts come to be trusted and cease to be: what counts is how it was when an event came.
TEST(PaymentProperties, TrustThatComesAndGoesPostsWhatTheRowsSayInAnyOrder) {
  Random random(test_seed() + 4);
  const auto run = [](World& world, const Event& event, const std::map<std::string, bool>& trust) {
    world.set_policy({.trust_connected_accounts = trust.at(event.meta.id)});
    world.run(event);
  };
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const Events events = any_payment_events(random, 2 + below(random, 8));
    std::map<std::string, bool> trust;
    for (const auto& event : events) trust.emplace(event.meta.id, one_in(random, 2));
    std::optional<std::map<std::string, std::string>> expected;
    for (int order = 0; order < kOrdersPerRound && !::testing::Test::HasFailure(); ++order) {
      const Events delivered = redelivered(events, random);
      SCOPED_TRACE(describe(delivered));
      World world;
      for (const auto& event : delivered) run(world, event, trust);
      world.expect_balanced();
      EXPECT_EQ(posted(world), remembered(world));
      if (!expected) expected = world.state();
      EXPECT_EQ(differences(world.state(), *expected), "");
    }
  }
}

TEST(PaymentProperties, ReplayChangesNothing) {
  Random random(test_seed() + 2);
  for (int round = 0; round < 100; ++round) {
    const Events events = any_payment_events(random, 10);
    World world;
    for (const auto& event : events) world.run(event);
    const auto before = world.state();
    const auto outbox = told(world).size();
    for (const auto& event : events) {
      // Another Event object for the same fact, no newer than the first.
      Event other = event;
      other.meta.key = make_event_key("stripe", event.meta.id + "'");
      const Outcome outcome = world.run(other);
      EXPECT_TRUE(outcome != Outcome::applied) << describe({event});
    }
    EXPECT_EQ(differences(world.state(), before), "");
    EXPECT_EQ(told(world).size(), outbox);
    world.expect_balanced();
  }
}

TEST(PaymentProperties, LiveAndTestMoneyShareNothing) {
  Random random(test_seed() + 3);
  World world;
  for (const auto& event : any_payment_events(random, 200)) world.run(event);
  for (const auto& entry : world.all<LedgerEntry>())
    EXPECT_NE(entry.account.find(entry.livemode ? ":live:" : ":test:"), std::string::npos) << entry.account;
}

}  // namespace
}  // namespace penstock::testing
