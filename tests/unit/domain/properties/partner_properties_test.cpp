// Events of partners converge in any order and repetition, and no org's ever influence another's, Stripe's included.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/domain/partner_events.h"
#include "tests/unit/domain/properties/random_events.h"

namespace penstock::testing {
namespace {

constexpr int kRounds = 200;

struct OrgEvent {
  std::string org;
  SaidEvent said;
  std::string text;  // for messages
};
using OrgEvents = std::vector<OrgEvent>;

std::string optional_member(Random& random, const std::string& name, const std::string& value) {
  return one_in(random, 2) ? ",\"" + name + "\":" + value : "";
}

// Of few users, invoices and subscriptions, whose ids are the same in every org, and some of them Stripe's.
std::string any_data(Random& random, const std::string& type) {
  const std::string user = "\"u" + std::to_string(1 + below(random, 2)) + "\"";
  const std::string subscription = "\"sub_" + std::to_string(below(random, 2)) + "\"";
  if (type.starts_with("user."))
    return "{\"id\":" + user +
           optional_member(random, "email", "\"" + std::to_string(below(random, 9)) + "\"") +
           optional_member(random, "name", "\"n" + std::to_string(below(random, 9)) + "\"") + "}";
  if (type.starts_with("invoice."))
    return "{\"id\":" + one_of<std::string>(random, {"\"inv_1\"", "\"inv_2\"", "\"pi_0\"", "\"cs_0\""}) +
           ",\"amount\":" + std::to_string(below(random, 3)) + ",\"currency\":\"usd\"" +
           optional_member(random, "user_id", user) +
           optional_member(random, "subscription_id", subscription) + "}";
  if (type.starts_with("trial."))
    return "{\"id\":" + subscription + optional_member(random, "user_id", user) +
           optional_member(random, "trial_end", std::to_string(5000 + below(random, 3))) + "}";
  return "{\"id\":" + subscription + optional_member(random, "user_id", user) + ",\"plan\":\"p" +
         std::to_string(below(random, 3)) + "\"}";
}

// Event ids repeat between partners, also between two of one org.
OrgEvent any_partner_event(Random& random, const std::string& id) {
  PartnerSpec spec;
  spec.type = one_of<std::string>(random, {"user.created", "user.created", "user.deleted", "invoice.paid",
                                           "invoice.failed", "subscription.upgraded", "subscription.upgraded",
                                           "subscription.canceled", "trial.ending", "trial.ending"});
  spec.data = any_data(random, spec.type);
  spec.id = id;
  spec.created = 1000 + static_cast<std::int64_t>(below(random, 4));
  spec.org = one_of<std::string>(random, {"acme", "globex", "default"});
  spec.partner = spec.org + one_of<std::string>(random, {"-crm", "-erp"});
  return {spec.org, partner_event(spec),
          spec.partner + ":" + id + " " + std::to_string(spec.created) + " " + spec.type + " " + spec.data};
}

OrgEvents any_events(Random& random, bool with_stripes) {
  OrgEvents events;
  std::set<EventKey> keys;
  for (std::size_t count = 4 + below(random, 20); events.size() < count;) {
    auto event = any_partner_event(random, "e-" + std::to_string(below(random, 20)));
    if (keys.insert(event.said.key).second) events.push_back(std::move(event));
  }
  if (!with_stripes) return events;
  for (const auto& event : any_other_events(random, 6))
    events.push_back({"default", {event.meta.key, stripe::understand(event)}, describe({event})});
  for (const auto& event : any_payment_events(random, 6))
    events.push_back({"default", {event.meta.key, stripe::understand(event)}, describe({event})});
  return events;
}

// Each at least once, in any order, some again.
OrgEvents any_arrival(OrgEvents events, Random& random) {
  const std::size_t distinct = events.size();
  for (std::size_t i = 0; i < distinct; ++i)
    if (one_in(random, 3)) events.push_back(events[below(random, distinct)]);
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

void run_in_any_batches(World& world, const OrgEvents& events, Random& random) {
  for (std::size_t at = 0; at < events.size();) {
    std::vector<SaidEvent> batch;
    for (std::size_t count = 1 + below(random, 4); count > 0 && at < events.size(); --count)
      batch.push_back(events[at++].said);
    world.run_said(batch);
  }
}

std::string text_of(const OrgEvents& events) {
  std::string text;
  for (const auto& event : events) text += event.text + "\n";
  return text;
}

void expect_same_in_any_order(bool with_stripes, std::uint64_t seed) {
  Random random(seed);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const OrgEvents events = any_events(random, with_stripes);
    World expected;
    for (const auto& event : events) expected.run(event.said);
    for (int order = 0; order < 4; ++order) {
      World world;
      run_in_any_batches(world, any_arrival(events, random), random);
      EXPECT_EQ(differences(world.state(), expected.state()), "") << text_of(events);
    }
  }
}

TEST(PartnerProperties, RowsEndTheSameInAnyOrderAndRepetition) {
  expect_same_in_any_order(false, test_seed());
}

// In the default org partners and Stripe speak of the same subscriptions.
TEST(PartnerProperties, RowsEndTheSameBesideStripesEventsToo) {
  expect_same_in_any_order(true, test_seed() + 1);
}

TEST(PartnerProperties, OrgsNeverInfluenceOneAnother) {
  Random random(test_seed() + 2);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const OrgEvents events = any_arrival(any_events(random, true), random);
    SCOPED_TRACE(text_of(events));
    World mixed;
    run_in_any_batches(mixed, events, random);
    mixed.expect_balanced();
    std::map<std::string, std::string> rows;
    for (const std::string org : {"acme", "globex", "default"}) {
      World alone;
      for (const auto& event : events)
        if (event.org == org) alone.run(event.said);
      for (const auto& [key, row] : alone.rows())
        EXPECT_TRUE(rows.emplace(key, row).second) << key << " of two orgs";
      for (const auto& row : alone.all<OutboxRow>()) EXPECT_EQ(row.org, org);
    }
    EXPECT_EQ(differences(mixed.rows(), rows), "");
  }
}

TEST(PartnerProperties, PartnersNeverTouchMoneyGrantsAndStripesObjects) {
  Random random(test_seed() + 3);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    World world;
    run_in_any_batches(world, any_events(random, false), random);
    EXPECT_TRUE(world.all<Wallet>().empty());
    EXPECT_TRUE(world.all<LedgerEntry>().empty());
    EXPECT_TRUE(world.all<Fulfillment>().empty());
    EXPECT_TRUE(world.all<CheckoutSession>().empty());
    EXPECT_TRUE(world.all<PaymentIntent>().empty());
    EXPECT_TRUE(world.all<Charge>().empty());
    EXPECT_TRUE(world.all<Customer>().empty());
    for (const auto& row : world.all<Subscription>()) EXPECT_TRUE(!row.org || !row.trusted) << row.key;
  }
}

TEST(PartnerProperties, NothingIsToldTwice) {
  Random random(test_seed() + 4);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const OrgEvents events = any_events(random, false);
    World world;
    run_in_any_batches(world, any_arrival(events, random), random);
    const std::size_t first = world.all<OutboxRow>().size();
    run_in_any_batches(world, any_arrival(events, random), random);
    EXPECT_EQ(world.all<OutboxRow>().size(), first);
    std::map<std::string, int> told;
    for (const auto& row : world.all<OutboxRow>()) {
      if (!row.type.starts_with("user.") && !row.type.starts_with("invoice.")) continue;
      EXPECT_EQ(++told[row.org + " " + row.type + " " + row.data.substr(0, row.data.find(','))], 1);
    }
  }
}

}  // namespace
}  // namespace penstock::testing
