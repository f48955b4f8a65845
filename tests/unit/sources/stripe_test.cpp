#include "workers/sources/stripe/stripe.h"

#include <gmock/gmock.h>

#include "tests/unit/domain/event_builder.h"

namespace penstock {
namespace {

using testing::EventSpec;

constexpr std::string_view kSession =
    R"({"id": "cs_1", "status": "complete", "payment_status": "paid", "amount_total": 5, "currency": "usd"})";

ReadEvent read_body(const std::string& body, StripeMode mode = StripeMode::both,
                    std::string_view id = "evt_1") {
  const EventKey key = make_event_key("stripe", id);
  return Sources({stripe_source(mode)}).read({key, "stripe", "t", Timestamp{}, body, {}});
}

std::string session_body(bool livemode) {
  return testing::event_body({.type = "checkout.session.completed",
                              .object = std::string(kSession),
                              .id = "evt_1",
                              .livemode = livemode});
}

std::string reason_of(const ReadEvent& read) {
  const auto* unhandled = read.facts ? std::get_if<UnhandledFacts>(&read.facts.value()) : nullptr;
  return unhandled != nullptr ? unhandled->reason : "";
}

TEST(StripeSource, IgnoresEventsOfTheOtherMode) {
  EXPECT_EQ(reason_of(read_body(session_body(false), StripeMode::live)), "test_mode");
  EXPECT_EQ(reason_of(read_body(session_body(true), StripeMode::test)), "live_mode");
  for (const auto& [livemode, mode] :
       {std::pair(true, StripeMode::live), std::pair(false, StripeMode::test),
        std::pair(true, StripeMode::both), std::pair(false, StripeMode::both)}) {
    const ReadEvent read = read_body(session_body(livemode), mode);
    ASSERT_TRUE(read.facts);
    EXPECT_TRUE(std::holds_alternative<SessionFacts>(read.facts.value()));
    EXPECT_EQ(read.entity, "cs_1");
  }
}

TEST(StripeSource, KeepsThinEventsWithTheObjectTheyAreAbout) {
  const ReadEvent read = read_body(
      R"({"id": "evt_1", "object": "v2.core.event", "type": "v1.x", "related_object": {"id": "acct_1"}})");
  EXPECT_EQ(reason_of(read), "thin_event");
  EXPECT_EQ(read.entity, "acct_1");
}

TEST(StripeSource, WhatItHandlesNotIsIgnored) {
  EXPECT_EQ(reason_of(read_body(testing::event_body(
                {.type = "product.created", .object = R"({"id": "prod_1"})", .id = "evt_1"}))),
            "no_handler");
}

TEST(StripeSource, ABodyThatIsNoEventIsAnErrorOfItsClass) {
  const std::pair<std::string, std::string> wrong[] = {
      {"not json", "not_json"},
      {R"({"id": "evt_1", "type": "invoice.paid"})", "wrong_shape"},
      {testing::event_body({.type = "invoice.paid", .object = "{}", .id = "evt_2"}), "wrong_shape"}};
  for (const auto& [body, error_class] : wrong) {
    const ReadEvent read = read_body(body);
    ASSERT_FALSE(read.facts) << body;
    EXPECT_THAT(read.facts.error().detail, ::testing::StartsWith(error_class));
  }
}

TEST(StripeSource, OfAnEventThatCannotBeAppliedItTellsObjectAndTime) {
  const ReadEvent read = read_body(testing::event_body({.type = "checkout.session.completed",
                                                        .object = R"({"id": "cs_1", "payment_status": 1})",
                                                        .id = "evt_1",
                                                        .created = 77}));
  ASSERT_FALSE(read.facts);
  EXPECT_EQ(read.entity, "cs_1");
  EXPECT_EQ(read.created, Timestamp{std::chrono::seconds{77}});
}

}  // namespace
}  // namespace penstock
