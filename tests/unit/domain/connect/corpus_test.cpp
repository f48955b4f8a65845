// The bodies of the Stripe corpus that concern connected accounts and payouts, and its sequences of them.
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

class ConnectCorpus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (corpus_body("README.md")) return;
    std::cerr << "SKIPPED: the Stripe corpus is missing; set PENSTOCK_STRIPE_EVENTS to its folder"
              << std::endl;
    GTEST_SKIP();
  }

  // The only row of that table after these files, in every order.
  template <class R>
  static R after(std::vector<std::string_view> files) {
    std::sort(files.begin(), files.end());
    std::optional<R> first;
    do {
      World world;
      for (const auto file : files)
        EXPECT_NE(world.run(*corpus_event(file)), Outcome::parked) << world.error();
      const auto rows = world.all<R>();
      CHECK(rows.size() == 1);
      if (!first) first = rows.front();
      EXPECT_EQ(rows.front(), *first);
    } while (std::next_permutation(files.begin(), files.end()));
    return *first;
  }
};

TEST_F(ConnectCorpus, EachPayoutEventShowsItsStatus) {
  using enum PayoutStatus;
  const std::pair<std::string_view, PayoutStatus> files[] = {
      {"payout.canceled.manual.dahlia.json", canceled},
      {"payout.created.2020-08-27.json", paid},
      {"payout.created.pending.connect.dahlia.json", pending},
      {"payout.failed.after_paid.connect.dahlia.json", failed},
      {"payout.failed.direct.connect.dahlia.json", failed},
      {"payout.paid.2020-08-27.json", paid},
      {"payout.paid.connect.dahlia.json", paid},
      {"payout.reconciliation_completed.connect.dahlia.json", paid},
      {"payout.updated.2020-08-27.json", paid},
      {"payout.updated.in_transit.connect.dahlia.json", in_transit},
  };
  for (const auto& [file, status] : files) {
    const auto row = after<Payout>({file});
    EXPECT_EQ(row.status, status) << file;
    EXPECT_TRUE(row.amount && row.currency && row.arrival_date && row.destination) << file;
  }
}

TEST_F(ConnectCorpus, PaidThenFailedEndsFailedAndIsRetried) {
  const auto row = after<Payout>(
      {"payout.created.pending.connect.dahlia.json", "payout.updated.in_transit.connect.dahlia.json",
       "payout.paid.connect.dahlia.json", "payout.failed.after_paid.connect.dahlia.json"});
  EXPECT_EQ(row.status, PayoutStatus::failed);
  EXPECT_TRUE(row.failure_code.has_value());
  EXPECT_NE(row.retry_state, RetryState::none);
}

TEST_F(ConnectCorpus, EventsOfOnePayoutInOneSecondEndTheSame) {
  EXPECT_EQ(after<Payout>({"payout.created.2020-08-27.json", "payout.paid.2020-08-27.json",
                           "payout.updated.2020-08-27.json"})
                .status,
            PayoutStatus::paid);
}

TEST_F(ConnectCorpus, AccountRequirementsAreMetAtTheEnd) {
  const auto row = after<ConnectedAccount>({"account.updated.requirements_due.connect.dahlia.json",
                                            "account.updated.enabled.connect.dahlia.json"});
  EXPECT_TRUE(row.payouts_enabled);
  EXPECT_EQ(row.status, AccountStatus::enabled);
}

TEST_F(ConnectCorpus, EachAccountEventIsTaken) {
  EXPECT_EQ(after<ConnectedAccount>({"account.updated.requirements_due.connect.dahlia.json"}).status,
            AccountStatus::pending);
  for (const std::string_view file :
       {"account.updated.custom.2020-08-27.json", "account.updated.express.2020-08-27.json",
        "account.updated.standard.2020-08-27.json"})
    EXPECT_EQ(after<ConnectedAccount>({file}).events.contenders.size(), 1u) << file;
}

}  // namespace
}  // namespace penstock::testing
