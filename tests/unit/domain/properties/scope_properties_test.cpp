// Live and test, the platform and its connected accounts never influence one another: a mixed set of events
// gives for each exactly what its own events alone give, history included.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/domain/properties/random_events.h"

namespace penstock::testing {
namespace {

constexpr int kRounds = 200;

using PartOf = std::string (*)(const Event&);

std::string mode_of(const Event& event) { return Scope{event.meta.livemode}.name(); }
// What an account says of itself, and its payouts, is the platform's to know.
std::string scope_of(const Event& event) {
  const bool platforms = event.meta.type == "account.updated" || event.meta.type.starts_with("payout.");
  return platforms ? mode_of(event) : event.meta.scope().name();
}

Events mixed_events(Random& random) {
  Events events = any_payment_events(random, 4 + below(random, 20));
  const Events others = any_other_events(random, 4 + below(random, 10));
  events.insert(events.end(), others.begin(), others.end());
  return redelivered(std::move(events), random);
}

// The rows that each part's own events give, put together.
std::map<std::string, std::string> rows_of_parts(const Events& events, PartOf part_of, const Policy& policy) {
  std::set<std::string> parts;
  for (const auto& event : events) parts.insert(part_of(event));
  std::map<std::string, std::string> rows;
  for (const auto& part : parts) {
    World alone(policy);
    for (const auto& event : events)
      if (part_of(event) == part) alone.run(event);
    alone.expect_balanced();
    const auto own = alone.rows();
    for (const auto& [key, row] : own) EXPECT_TRUE(rows.emplace(key, row).second) << key << " of two parts";
  }
  return rows;
}

void expect_parts_apart(PartOf part_of, const Policy& policy, std::uint64_t seed) {
  Random random(seed);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const Events events = mixed_events(random);
    SCOPED_TRACE(describe(events));
    World mixed(policy);
    run_in_any_batches(mixed, events, random);
    mixed.expect_balanced();
    EXPECT_EQ(differences(mixed.rows(), rows_of_parts(events, part_of, policy)), "");
  }
}

TEST(ScopeProperties, ModesAndAccountsNeverInfluenceOneAnother) {
  expect_parts_apart(scope_of, {}, test_seed());
}

TEST(ScopeProperties, ModesNeverInfluenceOneAnotherThoughAccountsAreTrusted) {
  expect_parts_apart(mode_of, {.trust_connected_accounts = true}, test_seed() + 1);
}

TEST(ScopeProperties, ConnectedAccountsNeverTouchWalletsGrantsAndProfiles) {
  Random random(test_seed() + 2);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    Events events = mixed_events(random);
    std::erase_if(events, [](const Event& event) { return !event.meta.account; });
    World world;
    run_in_any_batches(world, events, random);
    EXPECT_TRUE(world.all<Wallet>().empty());
    EXPECT_TRUE(world.all<LedgerEntry>().empty());
    EXPECT_TRUE(world.all<Fulfillment>().empty());
    for (const auto& row : world.all<Customer>()) EXPECT_FALSE(row.trusted) << row.key;
    for (const auto& row : world.all<Subscription>()) EXPECT_FALSE(row.trusted) << row.key;
  }
}

TEST(ScopeProperties, OtherRowsEndTheSameInAnyOrderToo) {
  Random random(test_seed() + 3);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const Events events = mixed_events(random);
    World expected;
    for (const auto& event : events) expected.run(event);
    for (int order = 0; order < 4; ++order) {
      World world;
      run_in_any_batches(world, redelivered(events, random), random);
      EXPECT_EQ(differences(world.state(), expected.state()), "") << describe(events);
    }
  }
}

}  // namespace
}  // namespace penstock::testing
