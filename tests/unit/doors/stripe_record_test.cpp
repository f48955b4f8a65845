#include "ingress/doors/stripe/stripe_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "common/json/value.h"

namespace penstock {
namespace {

const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'123);

Record record_of(std::string body) {
  return stripe_record(std::move(body), Catalogue::builtin(), kNow,
                       [](Timestamp) { return std::string("made-up-id"); });
}

std::string event(std::string_view type, std::string_view object) {
  return std::string(
             R"({"id":"evt_1","object":"event","created":1753463711,"livemode":true,"account":"acct_1","type":")") +
         std::string(type) + R"(","data":{"object":)" + std::string(object) + "}}";
}

std::string where(const Record& record) { return record.topic + "/" + record.key; }

TEST(StripeRecord, CarriesTheBodyAndCloudEventsHeaders) {
  const auto body = event("payout.paid", R"({"id":"po_1"})");
  const auto record = record_of(body);
  EXPECT_EQ(record.value, body);
  EXPECT_EQ(record.headers, (Headers{{"ce_specversion", "1.0"},
                                     {"ce_id", "evt_1"},
                                     {"ce_type", "payout.paid"},
                                     {"ce_source", "stripe"},
                                     {"ce_time", "2025-07-25T17:15:11Z"},
                                     {"content-type", "application/json"},
                                     {"ps_receivedat", "2023-11-14T22:13:20.123Z"},
                                     {"ps_account", "acct_1"},
                                     {"ps_livemode", "true"}}));
}

TEST(StripeRecord, PaymentsAreKeyedByPaymentIntentThenChargeThenObject) {
  EXPECT_EQ(where(record_of(event("checkout.session.completed", R"({"id":"cs_1","payment_intent":"pi_1"})"))),
            "payments/pi_1");
  EXPECT_EQ(where(record_of(event("checkout.session.completed", R"({"id":"cs_1","payment_intent":null})"))),
            "payments/cs_1");
  EXPECT_EQ(where(record_of(event("payment_intent.succeeded", R"({"id":"pi_1","latest_charge":"ch_1"})"))),
            "payments/pi_1");
  EXPECT_EQ(where(record_of(event("charge.refunded", R"({"id":"ch_1","payment_intent":{"id":"pi_1"}})"))),
            "payments/pi_1");
  EXPECT_EQ(where(record_of(event("charge.dispute.created", R"({"id":"dp_1","charge":"ch_1"})"))),
            "payments/ch_1");
}

TEST(StripeRecord, SubscriptionsAndTheirInvoicesShareAKey) {
  EXPECT_EQ(where(record_of(event("customer.subscription.updated", R"({"id":"sub_1"})"))),
            "subscriptions/sub_1");
  EXPECT_EQ(where(record_of(event("invoice.paid", R"({"id":"in_1","subscription":"sub_1"})"))),
            "subscriptions/sub_1");
  EXPECT_EQ(
      where(record_of(event("invoice.paid",
                            R"({"id":"in_1","parent":{"subscription_details":{"subscription":"sub_1"}}})"))),
      "subscriptions/sub_1");
  EXPECT_EQ(where(record_of(event("invoice.paid", R"({"id":"in_1"})"))), "subscriptions/in_1");
}

TEST(StripeRecord, UnknownTypesAndThinEventsAreUnroutedByTheirId) {
  EXPECT_EQ(where(record_of(event("coupon.created", R"({"id":"x"})"))), "unrouted/evt_1");
  EXPECT_EQ(where(record_of(R"({"id":"evt_2","object":"v2.core.event","type":"payout.paid"})")),
            "unrouted/evt_2");
}

TEST(StripeRecord, WhatIsNoEventIsUnroutedUnderAnIdOfOurs) {
  for (const char* body :
       {"", "not json", "[]", "{}", R"({"type":"payout.paid"})", R"({"id":"a b","type":"payout.paid"})",
        R"({"id":"evt_1\r\nx: y","type":"payout.paid"})"}) {
    const auto record = record_of(body);
    EXPECT_EQ(where(record), "unrouted/made-up-id") << body;
    EXPECT_EQ(find_header(record.headers, "ce_id"), "made-up-id") << body;
    EXPECT_EQ(record.value, body);
  }
  EXPECT_EQ(find_header(record_of(R"({"id":"evt_1","type":"a\nb"})").headers, "ce_type"), "unknown");
  EXPECT_EQ(find_header(record_of(R"({"id":"evt_1"})").headers, "ce_time"), std::nullopt);
}

TEST(StripeRecord, AnEventWithoutAnObjectIdIsKeyedByItself) {
  EXPECT_EQ(where(record_of(event("payout.paid", "{}"))), "payouts/evt_1");
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The tolerant scan and the strict parser agree on every real event.
TEST(StripeRecord, AgreesWithTheStrictParserOnTheCorpus) {
  const char* shared = std::getenv("PENSTOCK_SHARED_DIR");
  const std::filesystem::path folder =
      std::string(shared != nullptr ? shared : PENSTOCK_SOURCE_DIR "/../shared") + "/stripe_events";
  if (!std::filesystem::exists(folder)) {
    std::cerr << "THE STRIPE EVENTS ARE MISSING: " << folder << "\n";
    GTEST_SKIP();
  }
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("_") || name.starts_with("envelope.") || entry.path().extension() != ".json")
      continue;
    ++checked;
    const auto body = text_of(entry.path());
    const auto document = json::Document::parse(body);
    ASSERT_TRUE(document) << name;
    const auto root = document.value().root();
    const auto record = record_of(body);
    EXPECT_EQ(find_header(record.headers, "ce_id"), root["id"].string()) << name;
    EXPECT_EQ(find_header(record.headers, "ce_type"), root["type"].string()) << name;
    EXPECT_NE(find_header(record.headers, "ce_time"), std::nullopt) << name;
    const bool thin = root["object"].string() == "v2.core.event";
    EXPECT_EQ(record.topic,
              thin ? "unrouted" : Catalogue::builtin().route("stripe", *root["type"].string()).topic)
        << name;
    const auto object = root["data"]["object"];
    if (record.topic != "payments" && record.topic != "payouts") continue;
    const auto id = object["id"].string();
    const auto charge = object["charge"].string();
    const auto payment = object["payment_intent"].string();
    const auto of_payment = payment ? payment : charge ? charge : id;
    EXPECT_EQ(record.key, record.topic == "payouts" ? id : of_payment) << name;
  }
  EXPECT_GE(checked, 60);
}

}  // namespace
}  // namespace penstock
