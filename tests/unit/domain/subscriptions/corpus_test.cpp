// The bodies of the Stripe corpus that concern subscriptions, and its sequences of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "tests/unit/domain/world.h"

namespace penstock::testing {
namespace {

std::optional<Event> corpus_event(std::string_view file) {
  const auto body = corpus_body(file);
  if (!body) return std::nullopt;
  auto document = json::Document::parse(*body);
  CHECK(document.has_value());
  const EventKey key = make_event_key("stripe", *document.value().root()["id"].string());
  auto event = stripe::read_event(key, std::move(document).value());
  CHECK(event.has_value());
  return std::move(event).value();
}

class SubscriptionCorpus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (corpus_body("README.md")) return;
    std::cerr << "SKIPPED: the Stripe corpus is missing; set PENSTOCK_STRIPE_EVENTS to its folder"
              << std::endl;
    GTEST_SKIP();
  }

  // The only subscription after these files, in every order.
  static Subscription after(std::vector<std::string_view> files) {
    std::sort(files.begin(), files.end());
    std::optional<Subscription> first;
    do {
      World world;
      for (const auto file : files)
        EXPECT_NE(world.run(*corpus_event(file)), Outcome::parked) << world.error();
      const auto rows = world.all<Subscription>();
      CHECK(rows.size() == 1);
      if (!first) first = rows.front();
      EXPECT_EQ(rows.front(), *first);
    } while (std::next_permutation(files.begin(), files.end()));
    return *first;
  }
};

struct Expected {
  std::string_view file;
  SubscriptionStatus status;
};

TEST_F(SubscriptionCorpus, EachSubscriptionEventShowsItsStatus) {
  using enum SubscriptionStatus;
  constexpr Expected kFiles[] = {
      {"customer.subscription.created.2020-08-27.json", active},
      {"customer.subscription.created.active.basil.json", active},
      {"customer.subscription.created.incomplete.basil.json", incomplete},
      {"customer.subscription.created.then_deleted.basil.json", active},
      {"customer.subscription.created.trialing.basil.json", trialing},
      {"customer.subscription.deleted.2020-08-27.json", canceled},
      {"customer.subscription.deleted.payment_failed.basil.json", canceled},
      {"customer.subscription.deleted.requested.basil.json", canceled},
      {"customer.subscription.paused.basil.json", paused},
      {"customer.subscription.resumed.basil.json", active},
      {"customer.subscription.trial_will_end.basil.json", trialing},
      {"customer.subscription.updated.active_to_past_due.basil.json", past_due},
      {"customer.subscription.updated.cancel_at_period_end.basil.json", active},
      {"customer.subscription.updated.incomplete_to_active.clover.json", active},
      {"customer.subscription.updated.past_due_to_active.basil.json", active},
      {"customer.subscription.updated.renewal.basil.json", active},
      {"customer.subscription.updated.schedule.2020-08-27.json", active},
      {"customer.subscription.updated.test_clock_future.basil.json", active},
      {"customer.subscription.updated.trialing_to_active.basil.json", active},
  };
  for (const auto& expected : kFiles) {
    const auto row = after({expected.file});
    EXPECT_EQ(row.status, expected.status) << expected.file;
    EXPECT_TRUE(row.customer && row.plan && row.quantity && row.started) << expected.file;
    EXPECT_TRUE(row.current_period_start && row.current_period_end) << expected.file;
    EXPECT_LT(row.current_period_start, row.current_period_end) << expected.file;
  }
}

TEST_F(SubscriptionCorpus, BothApiShapesGiveThePeriodAndThePrice) {
  const auto old_shape = after({"customer.subscription.deleted.2020-08-27.json"});
  EXPECT_EQ(old_shape.current_period_end, timestamp_from_unix_seconds(1'650'998'496));
  EXPECT_EQ(old_shape.plan, "price_1MYDd60SYkd6qK3EoEJonrFa");
  const auto new_shape = after({"customer.subscription.updated.past_due_to_active.basil.json"});
  EXPECT_EQ(new_shape.current_period_end, timestamp_from_unix_seconds(1'759'270'400));
  EXPECT_EQ(new_shape.plan, "price_1ynnHTFsHVbmUFSAWp8QT4pg");
}

TEST_F(SubscriptionCorpus, SameSecondPairEndsTheSame) {
  const auto row = after({"customer.subscription.updated.active_to_past_due.basil.json",
                          "customer.subscription.updated.past_due_to_active.basil.json"});
  ASSERT_EQ(row.events.contenders.size(), 2u);
  EXPECT_EQ(row.status, row.events.contenders.back().snapshot.status) << "undecidable: the greatest event id";
}

TEST_F(SubscriptionCorpus, LateCreatedDoesNotResurrect) {
  EXPECT_EQ(after({"customer.subscription.deleted.requested.basil.json",
                   "customer.subscription.created.then_deleted.basil.json"})
                .status,
            SubscriptionStatus::canceled);
}

TEST_F(SubscriptionCorpus, InvoicePaidBeforeCreatedIsKept) {
  const auto row = after(
      {"invoice.paid.subscription_create.basil.json", "customer.subscription.created.active.basil.json"});
  EXPECT_EQ(row.status, SubscriptionStatus::active);
  EXPECT_EQ(row.last_payment, InvoiceOutcome::paid);
}

TEST_F(SubscriptionCorpus, InvoicesNameTheirSubscriptionInBothShapes) {
  EXPECT_EQ(after({"invoice.payment_failed.subscription_cycle.basil.json"}).last_payment,
            InvoiceOutcome::failed);
  EXPECT_EQ(after({"invoice.paid.subscription_create.basil.json"}).last_payment, InvoiceOutcome::paid);
}

TEST_F(SubscriptionCorpus, AManualInvoiceIsIgnoredAndItsRedeliveryADuplicate) {
  World world;
  const auto event = *corpus_event("invoice.paid.manual.basil.json");
  EXPECT_EQ(world.run(event), Outcome::ignored);
  EXPECT_EQ(world.run(event), Outcome::duplicate);
  EXPECT_TRUE(world.state().empty());
}

}  // namespace
}  // namespace penstock::testing
