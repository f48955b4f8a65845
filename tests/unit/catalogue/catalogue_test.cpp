#include "common/catalogue/catalogue.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

const Catalogue& catalogue() { return Catalogue::builtin(); }

TEST(Catalogue, RoutesEachFamilyToItsPool) {
  EXPECT_EQ(catalogue().route("stripe", "checkout.session.completed").topic, "payments");
  EXPECT_EQ(catalogue().route("stripe", "payment_intent.succeeded").topic, "payments");
  EXPECT_EQ(catalogue().route("stripe", "charge.dispute.closed").topic, "payments");
  EXPECT_EQ(catalogue().route("stripe", "customer.subscription.trial_will_end").topic, "subscriptions");
  EXPECT_EQ(catalogue().route("stripe", "invoice.paid").topic, "subscriptions");
  EXPECT_EQ(catalogue().route("stripe", "payout.reconciliation_completed").topic, "payouts");
  EXPECT_EQ(catalogue().route("stripe", "account.updated").topic, "payouts");
  EXPECT_EQ(catalogue().route("ads", "ad.impression").topic, "ads");
}

TEST(Catalogue, KeysPaymentsByPaymentAndTheRestByTheirEntity) {
  EXPECT_EQ(catalogue().route("stripe", "charge.refunded").key, KeyRule::payment);
  EXPECT_EQ(catalogue().route("stripe", "invoice.paid").key, KeyRule::subscription);
  EXPECT_EQ(catalogue().route("stripe", "payout.paid").key, KeyRule::object);
}

TEST(Catalogue, WhatItDoesNotNameIsUnrouted) {
  for (const char* type : {"", "payout", "payout.", "payouts.paid", "charge.succeeded", "invoice.created",
                           "v2.core.account[requirements].updated", "checkout.session.completed "}) {
    const bool is_pattern_prefix = std::string_view(type) == "payout.";
    EXPECT_EQ(catalogue().route("stripe", type).topic, is_pattern_prefix ? "payouts" : "unrouted") << type;
  }
}

TEST(Catalogue, ListsItsTopicsOnce) {
  EXPECT_EQ(catalogue().topics(),
            (std::vector<std::string>{"payments", "subscriptions", "payouts", "ads", "unrouted"}));
}

}  // namespace
}  // namespace penstock
