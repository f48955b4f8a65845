// Confirmations may come before, after and between the events of a payment, again and again, and be looked up at any time:
// rows and money end as without them, and nothing is told twice.
#include <gtest/gtest.h>

#include "tests/unit/domain/payments/confirmations.h"
#include "tests/unit/domain/properties/random_events.h"

namespace penstock::testing {
namespace {

constexpr int kRounds = 300;

SaidEvent any_confirmation(Random& random) {
  const std::string payment = one_of<std::string>(random, {"cs_", "pi_"}) + std::to_string(below(random, 4));
  const std::optional<std::string> org =
      one_in(random, 8) ? std::optional<std::string>("acme") : std::nullopt;
  return confirmation(payment, payment + "-" + std::to_string(below(random, 3)), org);
}

// The events in batches, with confirmations among them and look-ups between.
void run_with_confirmations(World& world, const Events& events, Random& random) {
  std::int64_t second = 1000;
  for (std::size_t at = 0; at < events.size();) {
    std::vector<SaidEvent> batch;
    for (std::size_t count = 1 + below(random, 4); count > 0 && at < events.size(); --count) {
      if (one_in(random, 2)) batch.push_back(any_confirmation(random));
      batch.push_back({events[at].meta.key, stripe::understand(events[at])});
      ++at;
    }
    if (one_in(random, 3)) batch.push_back(any_confirmation(random));
    world.run_said(batch);
    if (one_in(random, 2)) look_up(world, second += static_cast<std::int64_t>(below(random, 2000)));
  }
  look_up(world, second + 100'000);
}

// How often apps are told of each payment.
std::map<std::string, int> told_to_apps(const World& world) {
  std::map<std::string, int> told;
  for (const auto& row : world.all<OutboxRow>())
    if (row.app) {
      const std::string mode = row.data.find("\"livemode\":true") == std::string::npos ? "test " : "live ";
      ++told[*row.app + " " + mode + row.data.substr(0, row.data.find(','))];
    }
  return told;
}

bool is_awaited(const World& world, const std::string& payment) {
  const auto row = world.find<AwaitedPayment>("default:" + payment);
  return row && !row->awaiting.empty();
}

TEST(ConfirmationProperties, RowsEndAsWithoutThemInAnyOrderAndRepetition) {
  Random random(test_seed());
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const Events events = any_payment_events(random, 2 + below(random, 12));
    const bool registered = one_in(random, 2);
    World expected;
    if (registered) put_app(expected, "nobody");
    for (const auto& event : events) expected.run(event);
    for (int order = 0; order < 4; ++order) {
      const Events delivered = redelivered(events, random);
      SCOPED_TRACE(describe(events) + "against\n" + describe(delivered));
      World world;
      if (registered) put_app(world, "nobody");
      run_with_confirmations(world, delivered, random);
      world.expect_balanced();
      EXPECT_EQ(differences(world.state(), expected.state()), "");
      EXPECT_EQ(told_to_apps(world), told_to_apps(expected));
      for (const auto& [row, times] : told_to_apps(world)) EXPECT_EQ(times, registered ? 1 : 0) << row;
      for (const auto& session : world.all<CheckoutSession>()) {
        if (session.account || payment(world, session.id, scope_of(session))->status != PaymentStatus::paid)
          continue;
        EXPECT_FALSE(is_awaited(world, session.id)) << session.id;
      }
    }
  }
}

// Registered at any moment: once everything has come again, everybody who is to be told has been, once.
TEST(ConfirmationProperties, AnAppThatIsRegisteredLateIsToldOnceAllIsConfirmed) {
  Random random(test_seed() + 1);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const Events events = any_payment_events(random, 2 + below(random, 8));
    SCOPED_TRACE(describe(events));
    World expected, world;
    put_app(expected, "nobody");
    for (const auto& event : events) expected.run(event);
    run_with_confirmations(world, redelivered(events, random), random);
    put_app(world, "nobody");
    for (int session = 0; session < 4; ++session)
      world.run(confirmation("cs_" + std::to_string(session), "late-" + std::to_string(session)));
    for (const auto& session : expected.all<CheckoutSession>()) {
      // Of one id in both modes the live payment is confirmed, where it is paid.
      if (session.account || !session.livemode) continue;
      EXPECT_EQ(payment(world, session.id)->fulfilled, payment(expected, session.id)->fulfilled)
          << session.id;
    }
  }
}

}  // namespace
}  // namespace penstock::testing
