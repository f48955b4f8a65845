// A type belongs to its source: what a second provider calls by a name of Stripe's is not Stripe's.
#include "workers/sources/sources.h"

#include <gmock/gmock.h>

#include "common/catalogue/catalogue.h"
#include "tests/unit/domain/event_builder.h"
#include "workers/sources/stripe/stripe.h"

namespace penstock {
namespace {

using testing::EventSpec;

constexpr std::string_view kCatalogue = R"({"inbound": [
  {"source": "stripe", "topic": "subscriptions", "key": "subscription", "types": ["invoice.paid"]},
  {"source": "stripe", "topic": "payouts", "key": "object", "types": ["payout.*"]},
  {"source": "pretended", "topic": "partners", "key": "object", "types": ["invoice.paid", "user.*"]}]})";

// What a second provider would be: a line in the catalogue, and a reader of its own.
Source pretended_source() {
  return {"pretended", [](const RawEvent& event) -> ReadEvent {
            const EventMeta meta{event.key, "", std::string(event.type), event.created, {}, true};
            return {.facts = Facts{UnhandledFacts{meta, "read as pretended"}}, .entity = "p_1"};
          }};
}

const Sources& both() {
  static const Sources sources({stripe_source(StripeMode::both), pretended_source()});
  return sources;
}

ReadEvent read_invoice(const Sources& sources, std::string_view source) {
  const EventSpec spec{
      .type = "invoice.paid", .object = R"({"id": "in_1", "subscription": "sub_1"})", .id = "evt_1"};
  const EventKey key = make_event_key(source, "evt_1");
  const std::string body = testing::event_body(spec);
  return sources.read({key, source, spec.type, Timestamp{}, body, {}});
}

template <class F>
bool says(const ReadEvent& read) {
  return read.facts && std::holds_alternative<F>(read.facts.value());
}

TEST(TwoSources, EachGoesWhereItsOwnLineSays) {
  const Catalogue catalogue(kCatalogue);
  EXPECT_EQ(catalogue.route("stripe", "invoice.paid").topic, "subscriptions");
  EXPECT_EQ(catalogue.route("pretended", "invoice.paid").topic, "partners");
  EXPECT_EQ(catalogue.route("stripe", "user.created").topic, "unrouted");
  EXPECT_EQ(catalogue.route("pretended", "payout.paid").topic, "unrouted");
  EXPECT_EQ(catalogue.route("another", "invoice.paid").topic, "unrouted");
}

TEST(TwoSources, NeitherReadsTheOthersEvents) {
  const ReadEvent of_stripe = read_invoice(both(), "stripe");
  EXPECT_TRUE(says<InvoiceFacts>(of_stripe));
  EXPECT_EQ(of_stripe.entity, "in_1");
  const ReadEvent of_the_other = read_invoice(both(), "pretended/acme");
  ASSERT_TRUE(says<UnhandledFacts>(of_the_other));
  EXPECT_EQ(std::get<UnhandledFacts>(of_the_other.facts.value()).reason, "read as pretended");
  EXPECT_EQ(of_the_other.entity, "p_1");
}

TEST(TwoSources, OneEventIdOfBothIsTwoEvents) {
  EXPECT_NE(make_event_key("stripe", "evt_1"), make_event_key("pretended/acme", "evt_1"));
}

TEST(TwoSources, WhatNobodyHereReadsIsParked) {
  for (const char* source : {"pretended", "unknown", "", "stripe2", "Stripe", "/stripe"}) {
    const ReadEvent read = read_invoice(Sources({stripe_source(StripeMode::both)}), source);
    ASSERT_FALSE(read.facts) << source;
    EXPECT_EQ(read.facts.error().code, ErrorCode::invalid);
    EXPECT_THAT(read.facts.error().detail, ::testing::StartsWith("unknown_source: "));
  }
}

}  // namespace
}  // namespace penstock
