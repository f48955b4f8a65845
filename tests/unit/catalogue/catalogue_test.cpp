#include "common/catalogue/catalogue.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

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
  EXPECT_EQ(catalogue().route("api", "payment.confirmed").topic, "payments");
  EXPECT_EQ(catalogue().route("api", "report.created").topic, "reports");
  for (const char* type : {"user.created", "user.deleted", "invoice.paid", "invoice.failed",
                           "subscription.upgraded", "subscription.canceled", "trial.ending"})
    EXPECT_EQ(catalogue().route("partner", type).topic, "partners") << type;
}

TEST(Catalogue, ATypeIsItsSourcesAlone) {
  EXPECT_EQ(catalogue().route("partner", "invoice.payment_failed").topic, "unrouted");
  EXPECT_EQ(catalogue().route("partner", "payout.paid").topic, "unrouted");
  EXPECT_EQ(catalogue().route("stripe", "trial.ending").topic, "unrouted");
  EXPECT_EQ(catalogue().route("partner", "invoice.paid").key, KeyRule::object);
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

TEST(Catalogue, OfAConnectorEveryTypeGoesOneWay) {
  for (const char* type : {"invoice.paid", "charge.refunded", "x"}) {
    EXPECT_EQ(catalogue().route("org", type).topic, "connectors") << type;
    EXPECT_EQ(catalogue().route("org", type).key, KeyRule::event) << type;
  }
}

TEST(Catalogue, WhatOrgsPublishIsOfSixCategories) {
  for (const char* type : {"user.created", "action.x", "challenge.won.twice", "reward.claimed",
                           "achievement.unlocked", "referral.accepted"}) {
    EXPECT_EQ(catalogue().route("events", type).topic, "outbound") << type;
    EXPECT_EQ(catalogue().route("events", type).key, KeyRule::event) << type;
  }
  for (const char* type : {"payment.succeeded", "rewards.claimed", "reward", ""})
    EXPECT_EQ(catalogue().route("events", type).topic, "unrouted") << type;
}

TEST(Catalogue, ListsItsTopicsOnce) {
  EXPECT_EQ(catalogue().topics(),
            (std::vector<std::string>{"payments", "subscriptions", "payouts", "partners", "ads", "reports",
                                      "users", "connectors", "outbound", "unrouted"}));
}

TEST(Catalogue, PartnersTypesHaveTheirRetries) {
  const std::map<std::string, std::int64_t> expected = {
      {"user.created", 3},          {"user.deleted", 3},          {"invoice.paid", 5}, {"invoice.failed", 5},
      {"subscription.upgraded", 3}, {"subscription.canceled", 3}, {"trial.ending", 1}};
  std::map<std::string, std::int64_t> inbound;
  for (const auto& type : catalogue().types())
    if (type.source == "partner") inbound[type.type] = type.retries.value_or(-1);
  EXPECT_EQ(inbound, expected);
}

TEST(Catalogue, WhatPartnersSendIsToldAsOftenAndIsAsMature) {
  for (const auto& in : catalogue().types()) {
    if (in.source != "partner") continue;
    const auto out = std::find_if(
        catalogue().types().begin(), catalogue().types().end(),
        [&](const auto& each) { return each.direction == Direction::outbound && each.type == in.type; });
    ASSERT_NE(out, catalogue().types().end()) << in.type << " is not sent out";
    EXPECT_EQ(std::tie(out->retries, out->status), std::tie(in.retries, in.status)) << in.type;
  }
}

TEST(Catalogue, EveryTypeSaysItsReleaseAndWhereItBelongs) {
  const std::set<std::string> categories = {"user",     "action",  "challenge",    "reward", "achievement",
                                            "referral", "payment", "subscription", "payout", "account",
                                            "ad",       "run",     "alert"};
  std::set<std::tuple<Direction, std::optional<std::string>, std::string>> seen;
  for (const auto& type : catalogue().types()) {
    EXPECT_TRUE(seen.insert({type.direction, type.source, type.type}).second)
        << type.type << " is listed twice";
    EXPECT_THAT(type.release, ::testing::MatchesRegex("[0-9]+[.][0-9]+[.][0-9]+")) << type.type;
    const bool comes_in = type.direction == Direction::inbound;
    EXPECT_EQ(comes_in, type.source && type.topic) << type.type;
    EXPECT_EQ(!comes_in, type.category && type.description && categories.contains(*type.category))
        << type.type;
  }
}

TEST(Catalogue, ATypesOwnColumnGoesBeforeItsLines) {
  const Catalogue made(R"({"inbound": [{"source": "s", "topic": "t", "key": "object", "release": "1.0.0",
    "retries": 4, "types": ["a.*", {"type": "b.c", "retries": 2, "status": "Beta"}]}]})");
  ASSERT_EQ(made.types().size(), 2U);
  EXPECT_EQ(made.types()[0].retries, 4);
  EXPECT_EQ(made.types()[0].status, Maturity::GA);
  EXPECT_EQ(made.types()[1].retries, 2);
  EXPECT_EQ(made.types()[1].status, Maturity::Beta);
  EXPECT_EQ(made.types()[1].release, "1.0.0");
  EXPECT_EQ(made.route("s", "a.x").topic, "t");
  EXPECT_EQ(made.route("s", "b.c").topic, "t");
}

}  // namespace
}  // namespace penstock
