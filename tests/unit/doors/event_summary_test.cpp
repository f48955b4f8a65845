#include "ingress/doors/stripe/event_summary.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

EventSummary of(std::string_view body) { return summarise(body).value_or(EventSummary{}); }

TEST(EventSummary, FindsWhatTheDoorNeeds) {
  const auto event = of(R"({"id": "evt_1", "object": "event", "account": "acct_1", "created": 1753463711,
    "data": {"object": {"id": "cs_1", "payment_intent": "pi_1", "charge": null, "metadata": {"id": "x"}},
             "previous_attributes": {"id": "y"}},
    "livemode": false, "request": {"id": null}, "type": "checkout.session.completed"})");
  EXPECT_EQ(event.id, "evt_1");
  EXPECT_EQ(event.object, "event");
  EXPECT_EQ(event.account, "acct_1");
  EXPECT_EQ(event.type, "checkout.session.completed");
  EXPECT_EQ(event.livemode, false);
  EXPECT_EQ(event.created, timestamp_from_unix_ms(1753463711000));
  EXPECT_EQ(event.object_id, "cs_1");
  EXPECT_EQ(event.payment_intent, "pi_1");
  EXPECT_EQ(event.charge, "");
}

TEST(EventSummary, TakesTheIdOfAnExpandedObject) {
  EXPECT_EQ(
      of(R"({"data":{"object":{"payment_intent":{"object":"payment_intent","x":[{"id":"no"}],"id":"pi_2"}}}})")
          .payment_intent,
      "pi_2");
}

TEST(EventSummary, KnowsBothPlacesOfTheSubscription) {
  EXPECT_EQ(of(R"({"data":{"object":{"subscription":"sub_1"}}})").subscription, "sub_1");
  EXPECT_EQ(
      of(R"({"data":{"object":{"parent":{"type":"x","subscription_details":{"metadata":{},"subscription":"sub_2"}}}}})")
          .subscription,
      "sub_2");
  EXPECT_EQ(of(R"({"data":{"object":{"parent":null,"subscription":null}}})").subscription, "");
}

TEST(EventSummary, TakesTheTimeOfThinEvents) {
  const auto event = of(
      R"({"id":"evt_1","object":"v2.core.event","type":"v2.core.account[requirements].updated","created":"2024-09-17T06:20:52.246Z"})");
  EXPECT_EQ(event.created, timestamp_from_unix_ms(1726554052246));
  EXPECT_EQ(event.type, "v2.core.account[requirements].updated");
}

TEST(EventSummary, WhatIsNoTokenIsAbsent) {
  EXPECT_EQ(of(R"({"id":"a b"})").id, "");
  EXPECT_EQ(of(R"({"id":"a\nb"})").id, "");
  EXPECT_EQ(of(R"({"id":"a\u000ab"})").id, "");
  EXPECT_EQ(of(R"({"id":""})").id, "");
  EXPECT_EQ(of(R"({"id":7})").id, "");
  EXPECT_EQ(of(R"({"id":{"id":"x"}})").id, "");
  EXPECT_EQ(of("{\"id\":\"\xC3\xA9\"}").id, "");
  EXPECT_EQ(of(R"({"id":")" + std::string(255, 'a') + "\"}").id, std::string(255, 'a'));
  EXPECT_EQ(of(R"({"id":")" + std::string(256, 'a') + "\"}").id, "");
  EXPECT_EQ(of(R"({"id":"evt[1]"})").id, "") << "brackets are for types only";
}

TEST(EventSummary, EscapedLettersAreLetters) {
  EXPECT_EQ(of(R"({"id":"evt\u005f1\u0041"})").id, "evt_1A");
  EXPECT_EQ(of(R"({"id":"evt\u00e9"})").id, "");
  EXPECT_EQ(of(R"({"id":"evt\u00"})").id, "");
}

TEST(EventSummary, AbsurdTimesAreAbsent) {
  for (const char* created :
       {"1e9", "-1.5", "99999999999999999999", "253402300800", "true", "null", "\"now\"", "{}", "[1]"})
    EXPECT_EQ(of("{\"created\":" + std::string(created) + "}").created, std::nullopt) << created;
  EXPECT_NE(of(R"({"created":0})").created, std::nullopt);
}

TEST(EventSummary, WhatIsNoObjectHasNone) {
  for (const char* body : {"", "null", "[]", "\"a\"", "{", "{\"id\"", "{\"id\":", "{\"id\":\"evt_1\"",
                           "{\"id\":\"evt_1", "{\"id\":\"evt_1\"}x", "{\"a\":[}", "{\"a\" 1}", "{a:1}",
                           "{\"a\":1,}", "} I am not valid JSON; 123][", "{\"a\":\"\\"})
    EXPECT_EQ(summarise(body), std::nullopt) << body;
  EXPECT_EQ(summarise(std::string_view("{\"id\":\"evt_1\"}\0", 15)), std::nullopt);
}

TEST(EventSummary, DepthAndSizeCostNothingButTime) {
  std::string deep = R"({"id":"evt_1","data":)" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  EXPECT_EQ(of(deep).id, "evt_1");
  EXPECT_EQ(summarise(R"({"data":)" + std::string(400'000, '{')), std::nullopt);
}

TEST(EventSummary, BracketsInStringsAreText) {
  EXPECT_EQ(of(R"({"data":{"object":{"description":"}]\"{[","x":["\\"],"id":"ok"}},"id":"evt_1"})").object_id,
            "ok");
}

// The scan passes over sixteen characters at a time: what matters may stand at any of them, or beyond the last.
TEST(EventSummary, WhatMattersIsFoundAtEveryPlace) {
  for (const char* passed_over :
       {R"("")", R"("\"")", R"("\\")", R"("\\\"{")", R"({"a":"}"})", R"([[],"]",{"b":[1]}])", "12"})
    for (std::size_t before = 0; before < 40; ++before)
      for (std::size_t after = 0; after < 40; ++after) {
        const std::string name(before, 'n'), id(after, 'i');
        const std::string body = "{\"" + name + "\":" + passed_over + ",\"id\":\"" + id + "\"}";
        ASSERT_EQ(of(body).id, id) << body;
        ASSERT_FALSE(summarise(body.substr(0, body.size() - 1))) << body;
        ASSERT_FALSE(summarise(body.substr(0, body.size() - 2))) << body;
      }
}

TEST(EventSummary, EveryBeginningOfABodyIsNone) {
  const std::string body =
      R"({"id":"evt_1","created":1,"livemode":true,"data":{"object":{"id":"x","charge":{"id":"y"}}}})";
  for (std::size_t bytes = 0; bytes < body.size(); ++bytes)
    EXPECT_EQ(summarise(body.substr(0, bytes)), std::nullopt) << bytes;
  EXPECT_NE(summarise(body), std::nullopt);
}

}  // namespace
}  // namespace penstock
