#include "common/catalogue/catalogue.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

const Catalogue& catalogue() { return Catalogue::builtin(); }

TEST(Catalogue, RoutesEachFamilyToItsPool) {
  EXPECT_EQ(catalogue().route("checkout.session.completed").topic, "payments");
  EXPECT_EQ(catalogue().route("payment_intent.succeeded").topic, "payments");
  EXPECT_EQ(catalogue().route("charge.dispute.closed").topic, "payments");
  EXPECT_EQ(catalogue().route("customer.subscription.trial_will_end").topic, "subscriptions");
  EXPECT_EQ(catalogue().route("invoice.paid").topic, "subscriptions");
  EXPECT_EQ(catalogue().route("payout.reconciliation_completed").topic, "payouts");
  EXPECT_EQ(catalogue().route("account.updated").topic, "payouts");
}

TEST(Catalogue, KeysPaymentsByPaymentAndTheRestByTheirEntity) {
  EXPECT_EQ(catalogue().route("charge.refunded").key, KeyRule::payment);
  EXPECT_EQ(catalogue().route("invoice.paid").key, KeyRule::subscription);
  EXPECT_EQ(catalogue().route("payout.paid").key, KeyRule::object);
}

TEST(Catalogue, WhatItDoesNotNameIsUnrouted) {
  for (const char* type : {"", "payout", "payout.", "payouts.paid", "charge.succeeded", "invoice.created",
                           "v2.core.account[requirements].updated", "checkout.session.completed "}) {
    const bool is_pattern_prefix = std::string_view(type) == "payout.";
    EXPECT_EQ(catalogue().route(type).topic, is_pattern_prefix ? "payouts" : "unrouted") << type;
  }
}

TEST(Catalogue, ListsItsTopicsOnce) {
  EXPECT_EQ(catalogue().topics(),
            (std::vector<std::string>{"payments", "payouts", "subscriptions", "unrouted"}));
}

}  // namespace
}  // namespace penstock
