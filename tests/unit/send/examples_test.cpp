#include "deploy/standalone/send/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/catalogue/catalogue.h"
#include "tests/unit/domain/world.h"

namespace penstock::send {
namespace {

constexpr std::int64_t kNow = 1'753'463'561;

json::Document example(std::string_view type, std::string_view id = "0a1b2c") {
  auto made = make_example(type, id, kNow);
  EXPECT_TRUE(made) << type;
  return std::move(made).value();
}

stripe::Event event(std::string_view type) {
  const auto body = example(type);
  const std::string id(body.root()["id"].string().value_or(""));
  auto read = stripe::read_event(make_event_key("stripe", id), body);
  EXPECT_TRUE(read) << type << ": " << read.error().detail;
  return std::move(read).value();
}

TEST(Examples, EveryTypeIsAppliedByItself) {
  for (const auto& type : example_types()) {
    ::penstock::testing::World world;
    EXPECT_EQ(world.run(event(type)), Outcome::applied) << type << " " << world.error();
    world.expect_balanced();
  }
}

// The types of Stripe's that the catalogue routes, "payout.*" among them.
std::vector<std::string> handled_types() {
  std::vector<std::string> types;
  for (const auto& type : Catalogue::builtin().types())
    if (type.source == "stripe") types.push_back(type.type);
  return types;
}

bool matches(std::string_view pattern, std::string_view type) {
  if (!pattern.ends_with('*')) return pattern == type;
  return type.starts_with(pattern.substr(0, pattern.size() - 1));
}

TEST(Examples, EveryHandledTypeHasOne) {
  const auto examples = example_types();
  const auto handled = handled_types();
  EXPECT_FALSE(handled.empty());
  for (const auto& pattern : handled)
    EXPECT_TRUE(std::any_of(examples.begin(), examples.end(), [&](const auto& type) {
      return matches(pattern, type);
    })) << pattern;
}

TEST(Examples, EveryTypeIsOneAndIsRouted) {
  std::set<std::string> seen;
  for (const auto& type : example_types()) {
    EXPECT_TRUE(seen.insert(type).second) << type;
    EXPECT_NE(Catalogue::builtin().route("stripe", type).topic, kUnroutedTopic) << type;
    EXPECT_EQ(example(type).root()["type"].string(), type);
  }
}

TEST(Examples, AnUnknownTypeIsNone) {
  const auto made = make_example("payout.*", "0a1b2c", kNow);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::not_found);
}

TEST(Examples, AreWholeInTheWireForm) {
  for (const auto& type : example_types()) {
    const auto text = json::indented(example(type).root());
    EXPECT_EQ(text.find("{{"), std::string::npos) << type;
    EXPECT_TRUE(text.starts_with("{\n  \"id\": \"evt_0a1b2c\",\n  \"object\": \"event\",\n")) << type;
    EXPECT_TRUE(text.ends_with("\n  \"type\": \"" + type + "\"\n}")) << type;
  }
}

TEST(Examples, IdsAreTheSendersAndBelongTogether) {
  const auto completed = example("checkout.session.completed", "77");
  const json::Value session = completed.root()["data"]["object"];
  EXPECT_EQ(session["id"].string(), "cs_test_77");
  EXPECT_EQ(session["payment_intent"].string(), "pi_77");
  EXPECT_EQ(session["client_reference_id"].string(), "user_77");
  const auto invoice = example("invoice.paid", "77");
  EXPECT_EQ(invoice.root()["data"]["object"]["parent"]["subscription_details"]["subscription"].string(),
            "sub_77");
  const auto payout = example("payout.paid", "77");
  EXPECT_EQ(payout.root()["account"].string(), "acct_77");
}

TEST(Examples, TimesCountFromNow) {
  const auto body = example("checkout.session.completed");
  EXPECT_EQ(body.root()["created"].integer(), kNow);
  EXPECT_EQ(body.root()["data"]["object"]["created"].integer(), kNow - 40);
  EXPECT_EQ(body.root()["data"]["object"]["expires_at"].integer(), kNow + 86'360);
}

}  // namespace
}  // namespace penstock::send
