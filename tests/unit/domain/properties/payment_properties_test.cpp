// Any order, repetition and batching of one set of payment events ends the same, and no money is made or
// lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/domain/payments/payment_events.h"

namespace penstock::testing {
namespace {

using Events = std::vector<Event>;
using Random = std::mt19937_64;

constexpr int kRounds = 400;
constexpr int kOrdersPerRound = 6;

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}
bool one_in(Random& random, std::size_t n) { return below(random, n) == 0; }
template <class T>
T one_of(Random& random, const std::vector<T>& values) {
  return values[below(random, values.size())];
}
std::int64_t moment(Random& random) { return 1000 + static_cast<std::int64_t>(below(random, 4)); }

// What a session is for stays the same in all its events, and so do its intent and who a grant is for. What
// else it names may differ from one event to the next, which Stripe does not do but nothing here may depend
// on.
Texts purpose(std::size_t session) {
  static const std::vector<Texts> purposes = {{{"type", "wallet_deposit"}},
                                              {{"type", "wallet_deposit"}},
                                              {{"app_slug", "courses"}, {"course_id", "c1"}},
                                              {{"app_slug", "nobody"}}};
  return purposes[session % purposes.size()];
}

EventSpec any_session_event(Random& random) {
  struct Kind {
    const char* type;
    const char* status;
    const char* payment_status;
  };
  static const std::vector<Kind> kinds = {{"completed", "complete", "paid"},
                                          {"completed", "complete", "unpaid"},
                                          {"async_payment_succeeded", "complete", "paid"},
                                          {"async_payment_failed", "complete", "unpaid"},
                                          {"expired", "expired", "unpaid"}};
  const Kind kind = one_of(random, kinds);
  const std::size_t number = below(random, 4);
  SessionObject session{.id = "cs_" + std::to_string(number),
                        .status = kind.status,
                        .payment_status = kind.payment_status,
                        .payment_intent = {},
                        .amount = one_in(random, 6) ? 700 : 500,
                        .currency = one_in(random, 8) ? "eur" : "usd",
                        .metadata = purpose(number)};
  if (!one_in(random, 4)) session.payment_intent = "pi_" + std::to_string(number % 3);
  const bool grants = session.metadata.contains("app_slug");
  if (grants || !one_in(random, 4))
    session.customer = "cus_" + std::to_string(grants ? 1 : 1 + below(random, 2));
  if (!grants && one_in(random, 2)) session.user = one_of<std::string>(random, {"u1", "u2", "u3"});
  return session_event(kind.type, session, moment(random));
}

EventSpec any_intent_event(Random& random) {
  static const std::vector<std::pair<const char*, const char*>> kinds = {
      {"succeeded", "succeeded"},
      {"payment_failed", "requires_payment_method"},
      {"processing", "processing"},
      {"canceled", "canceled"},
      {"created", "requires_payment_method"}};
  const auto [type, status] = one_of(random, kinds);
  const auto number = std::to_string(below(random, 4));
  IntentObject intent{.id = "pi_" + number, .status = status, .amount = 500, .latest_charge = {}};
  if (one_in(random, 2)) intent.latest_charge = one_in(random, 6) ? "ch_0" : "ch_" + number;
  if (one_in(random, 3)) intent.customer = one_of<std::string>(random, {"cus_1", "cus_2"});
  return intent_event(type, intent, moment(random));
}

EventSpec any_refund_event(Random& random) {
  const auto number = std::to_string(below(random, 4));
  ChargeObject charge{.id = "ch_" + number,
                      .payment_intent = {},
                      .amount = 500,
                      .amount_refunded = 100 * static_cast<std::int64_t>(1 + below(random, 6))};
  if (!one_in(random, 3)) charge.payment_intent = one_in(random, 6) ? "pi_0" : "pi_" + number;
  if (one_in(random, 6)) charge.currency = "eur";
  return refund_event(charge, moment(random));
}

EventSpec any_dispute_event(Random& random) {
  const auto number = std::to_string(below(random, 3));
  DisputeObject dispute{
      .id = "dp_" + std::to_string(below(random, 3)),
      .charge = "ch_" + number,
      .payment_intent = {},
      .status = one_of<std::string>(random, {"needs_response", "under_review", "won", "lost"}),
      .created = 900 + static_cast<std::int64_t>(below(random, 2))};
  if (one_in(random, 2)) dispute.payment_intent = "pi_" + number;
  return dispute_event(one_of<const char*>(random, {"created", "updated", "closed"}), dispute,
                       moment(random));
}

// Test-mode objects are others than live ones.
EventSpec as_test_mode(EventSpec spec) {
  for (const std::string prefix : {"cs_", "pi_", "ch_", "cus_", "dp_"}) {
    std::size_t at = 0;
    while ((at = spec.object.find("\"" + prefix, at)) != std::string::npos) {
      spec.object.insert(at + 1 + prefix.size(), "test_");
      at += prefix.size();
    }
  }
  return in_test_mode(std::move(spec));
}

Event any_event(Random& random) {
  using Make = EventSpec (*)(Random&);
  static const std::vector<Make> makes = {any_session_event, any_session_event, any_session_event,
                                          any_intent_event,  any_refund_event,  any_dispute_event};
  EventSpec spec = one_of(random, makes)(random);
  if (one_in(random, 5)) spec = as_test_mode(std::move(spec));
  spec.id = "evt_" + std::to_string(random());
  return build_event(spec);
}

Events any_events(Random& random, std::size_t count) {
  Events events;
  for (std::size_t i = 0; i < count; ++i) events.push_back(any_event(random));
  return events;
}

// Each at least once, in any order, some again.
Events redelivered(Events events, Random& random) {
  const std::size_t distinct = events.size();
  for (std::size_t i = 0; i < distinct; ++i)
    if (one_in(random, 3)) events.push_back(events[below(random, distinct)]);
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

void run_in_any_batches(World& world, const Events& events, Random& random) {
  for (std::size_t at = 0; at < events.size();) {
    const std::size_t count = std::min(events.size() - at, 1 + below(random, 4));
    world.run_batch({events.begin() + static_cast<std::ptrdiff_t>(at),
                     events.begin() + static_cast<std::ptrdiff_t>(at + count)});
    at += count;
  }
}

std::string describe(const Events& events) {
  std::string text;
  for (const auto& event : events)
    text += event.meta.id + " " + event.meta.type + " " +
            std::to_string(to_unix_ms(event.meta.created) / 1000) + " " + json::canonical(event.object()) +
            "\n";
  return text;
}

std::string differences(const std::map<std::string, std::string>& a,
                        const std::map<std::string, std::string>& b) {
  std::string text;
  for (const auto& [key, value] : a)
    if (const auto other = b.find(key); other == b.end() || other->second != value)
      text += value + "\n instead of " + (other == b.end() ? "none of " + key : other->second) + "\n";
  for (const auto& [key, value] : b)
    if (!a.contains(key)) text += "none instead of " + key + "\n";
  return text;
}

// Payments as clients read them, by every id there is.
std::map<std::string, std::string> payments(const World& world) {
  std::map<std::string, std::string> texts;
  const auto add = [&](const auto& rows) {
    for (const auto& row : rows) {
      auto found = payment(world, row.id);
      found->fulfilled_by.reset();
      texts[row.id] = json::to_text(*found);
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
    const Events events = any_events(random, 2 + below(random, 12));
    World expected;
    for (const auto& event : events) expected.run(event);
    expected.expect_balanced();
    for (int order = 0; order < kOrdersPerRound && !::testing::Test::HasFailure(); ++order) {
      const Events delivered = redelivered(events, random);
      SCOPED_TRACE(describe(events) + "against\n" + describe(delivered));
      World world;
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
    const Events events = any_events(random, 5);
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

TEST(PaymentProperties, ReplayChangesNothing) {
  Random random(test_seed() + 2);
  for (int round = 0; round < 100; ++round) {
    const Events events = any_events(random, 10);
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
  for (const auto& event : any_events(random, 200)) world.run(event);
  for (const auto& entry : world.all<LedgerEntry>())
    EXPECT_NE(entry.account.find(entry.livemode ? ":live:" : ":test:"), std::string::npos) << entry.account;
}

}  // namespace
}  // namespace penstock::testing
