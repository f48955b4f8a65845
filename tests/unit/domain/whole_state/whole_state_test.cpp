#include "workers/domain/state/whole_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

namespace penstock {
namespace {

AttributeDigest digest(std::string_view json) {
  const auto document = json::Document::parse(json);
  CHECK(document.has_value());
  return AttributeDigest(document.value().root());
}

bool holds(std::string_view previous, std::string_view state) {
  return digest(previous).holds_in(digest(state));
}

TEST(AttributeDigest, ChangedKeysOfANestedObjectHoldInTheWholeObject) {
  EXPECT_TRUE(holds(R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2},"d":3})"));
  EXPECT_FALSE(holds(R"({"a":{"b":1}})", R"({"a":{"b":2,"c":2}})"));
  EXPECT_FALSE(holds(R"({"a":{"b":1}})", R"({"b":1})"));
}

TEST(AttributeDigest, EveryAttributeMustHold) {
  EXPECT_TRUE(holds(R"({"a":1,"b":2})", R"({"a":1,"b":2,"c":3})"));
  EXPECT_FALSE(holds(R"({"a":1,"b":2})", R"({"a":1,"b":3})"));
  EXPECT_FALSE(holds(R"({"a":1,"b":2})", R"({"a":1})"));
}

TEST(AttributeDigest, AnArrayIsOneValue) {
  EXPECT_TRUE(holds(R"({"a":[{"x":1,"y":2}]})", R"({"a":[{"y":2,"x":1}]})"));
  EXPECT_FALSE(holds(R"({"a":[1]})", R"({"a":[1,2]})"));
  EXPECT_FALSE(holds(R"({"a":[]})", R"({})"));
}

TEST(AttributeDigest, NullInPreviousEqualsNullAndAbsent) {
  EXPECT_TRUE(holds(R"({"a":null})", R"({"a":null})"));
  EXPECT_TRUE(holds(R"({"a":null})", R"({"b":1})"));
  EXPECT_TRUE(holds(R"({"m":{"foo":null}})", R"({"m":{}})"));
  EXPECT_FALSE(holds(R"({"a":null})", R"({"a":1})"));
  EXPECT_FALSE(holds(R"({"a":null})", R"({"a":{"b":1}})"));
  EXPECT_FALSE(holds(R"({"a":null})", R"({"a":{}})"));
}

TEST(AttributeDigest, AnEmptyObjectIsAValue) {
  EXPECT_TRUE(holds(R"({"a":{}})", R"({"a":{}})"));
  EXPECT_FALSE(holds(R"({"a":{}})", R"({"a":{"b":1}})"));
  EXPECT_FALSE(digest(R"({"a":{}})").empty());
}

TEST(AttributeDigest, KindsAndPathsAreToldApart) {
  EXPECT_FALSE(holds(R"({"a":1})", R"({"a":"1"})"));
  EXPECT_FALSE(holds(R"({"a":"true"})", R"({"a":true})"));
  EXPECT_FALSE(holds(R"({"a":"null"})", R"({"a":null})"));
  EXPECT_FALSE(holds(R"({"a":false})", R"({"a":true})"));
  EXPECT_FALSE(holds(R"({"a":"[]"})", R"({"a":[]})"));
  EXPECT_FALSE(holds(R"({"ab":1})", R"({"a":{"b":1}})"));
  EXPECT_FALSE(holds(R"({"a":1})", R"({"b":1})"));
}

TEST(AttributeDigest, OfNothingIsEmpty) {
  EXPECT_TRUE(AttributeDigest(json::Value{}).empty());
  EXPECT_TRUE(digest("{}").empty());
  EXPECT_TRUE(digest("[1]").empty());
}

TEST(AttributeDigest, SurvivesItsRow) {
  const auto written = digest(R"({"a":{"b":[1,2]},"c":null,"d":"x","e":true})");
  AttributeDigest read;
  ASSERT_TRUE(AttributeDigest::from_hex(written.to_hex(), read));
  EXPECT_EQ(read, written);
  ASSERT_TRUE(AttributeDigest::from_hex("", read));
  EXPECT_TRUE(read.empty());
}

TEST(AttributeDigest, DamagedTextIsRefused) {
  const std::string good = digest(R"({"a":1,"b":2})").to_hex();
  AttributeDigest out;
  EXPECT_FALSE(AttributeDigest::from_hex(good.substr(1), out));
  EXPECT_FALSE(AttributeDigest::from_hex(good.substr(16), out));
  EXPECT_FALSE(AttributeDigest::from_hex("g" + good.substr(1), out));
  EXPECT_FALSE(AttributeDigest::from_hex(good.substr(32) + good.substr(0, 32), out)) << "is not sorted";
}

struct Told {
  std::string event;
  std::int64_t lifecycle = 1;
  std::string state = "{}";
  std::string previous = "{}";
};

using States = WholeState<std::string>;

Contender<std::string> contender(const Told& told) {
  return {told.event, told.lifecycle, told.event, digest(told.state), digest(told.previous)};
}

States merged(const std::vector<Told>& events) {
  States states;
  for (const auto& told : events) states.merge(Timestamp{}, false, contender(told));
  return states;
}

// The winner, which must be the same for every order.
std::string winner(std::vector<Told> events) {
  const auto by_event = [](const Told& a, const Told& b) { return a.event < b.event; };
  std::sort(events.begin(), events.end(), by_event);
  const States first = merged(events);
  while (std::next_permutation(events.begin(), events.end(), by_event)) EXPECT_EQ(merged(events), first);
  return first.winner().event;
}

TEST(PickWinner, TheOnlyEventWins) { EXPECT_EQ(winner({{"a"}}), "a"); }

TEST(PickWinner, TheEndOfTheChainWinsWhateverTheIds) {
  EXPECT_EQ(winner({{"c", 1, R"({"n":1})", R"({"n":0})"},
                    {"a", 1, R"({"n":3})", R"({"n":2})"},
                    {"b", 1, R"({"n":2})", R"({"n":1})"}}),
            "a");
}

TEST(PickWinner, AnEventWithoutPreviousAttributesStartsTheChain) {
  EXPECT_EQ(winner({{"z", 0, R"({"status":"incomplete"})"},
                    {"y", 1, R"({"status":"active"})", R"({"status":"incomplete"})"},
                    {"x", 1, R"({"status":"past_due"})", R"({"status":"active"})"}}),
            "x");
}

TEST(PickWinner, MutualFollowersLeaveNoChain) {
  const Told falls{"b", 1, R"({"status":"past_due"})", R"({"status":"active"})"};
  const Told recovers{"a", 1, R"({"status":"active"})", R"({"status":"past_due"})"};
  EXPECT_EQ(winner({falls, recovers}), "b") << "undecidable: the greatest event id";
}

TEST(PickWinner, AStartMayOrderMutualFollowers) {
  EXPECT_EQ(winner({{"c", 0, R"({"status":"active"})"},
                    {"b", 1, R"({"status":"past_due"})", R"({"status":"active"})"},
                    {"a", 1, R"({"status":"active","n":1})", R"({"status":"past_due"})"}}),
            "a");
}

TEST(PickWinner, TwoEventsThatFollowTheSameOneLeaveNoChain) {
  EXPECT_EQ(winner({{"c", 1, R"({"n":1})"},
                    {"b", 1, R"({"n":2})", R"({"n":1})"},
                    {"a", 1, R"({"n":3})", R"({"n":1})"}}),
            "c");
}

TEST(PickWinner, AnUnrelatedEventLeavesNoChain) {
  EXPECT_EQ(winner({{"b", 1, R"({"n":1})", R"({"n":0})"},
                    {"a", 1, R"({"n":2})", R"({"n":1})"},
                    {"c", 1, R"({"n":9})", R"({"n":8})"}}),
            "c");
}

TEST(PickWinner, LifecycleGoesBeforeTheId) {
  EXPECT_EQ(winner({{"z", 0}, {"a", 1}}), "a");
  EXPECT_EQ(winner({{"y", 1}, {"z", 1}, {"a", 2}}), "a");
}

TEST(PickWinner, GreatestIdIsTheLastResort) { EXPECT_EQ(winner({{"a"}, {"c"}, {"b"}}), "c"); }

std::size_t greatest(const std::vector<Contender<std::string>>& contenders) {
  const auto place = std::max_element(contenders.begin(), contenders.end(), [](const auto& a, const auto& b) {
    return std::tie(a.lifecycle, a.event) < std::tie(b.lifecycle, b.event);
  });
  return static_cast<std::size_t>(place - contenders.begin());
}

// The winner as the contract words it, by trying every order of the contenders.
std::size_t slow_winner(const std::vector<Contender<std::string>>& contenders) {
  std::vector<std::size_t> order(contenders.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  int chains = 0;
  std::size_t end = 0;
  do {
    bool chain = true;
    for (std::size_t i = 1; i < order.size(); ++i) {
      const auto& later = contenders[order[i]];
      chain = chain && !later.previous.empty() && later.previous.holds_in(contenders[order[i - 1]].state);
    }
    if (chain) ++chains, end = order.back();
  } while (std::next_permutation(order.begin(), order.end()));
  return chains == 1 ? end : greatest(contenders);
}

std::uint64_t test_seed() {
  const char* given = std::getenv("PENSTOCK_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "PENSTOCK_TEST_SEED=" << seed << std::endl;
  return seed;
}

// Contenders where each follows any of the others with some chance.
std::vector<Contender<std::string>> random_contenders(std::mt19937_64& random, std::size_t count) {
  std::vector<std::string> states(count, "{\"own\":1");
  std::vector<std::string> previous(count, "{}");
  std::bernoulli_distribution has_previous(0.8), is_followed(0.4);
  for (std::size_t later = 0; later < count; ++later) {
    if (!has_previous(random)) continue;
    const std::string mark = "\"before" + std::to_string(later) + "\":1";
    previous[later] = "{" + mark + "}";
    for (auto& state : states)
      if (is_followed(random)) state += "," + mark;
  }
  std::vector<Contender<std::string>> contenders;
  for (std::size_t i = 0; i < count; ++i)
    contenders.push_back({"evt_" + std::to_string(random()),
                          static_cast<std::int64_t>(random() % 3),
                          {},
                          digest(states[i] + "}"),
                          digest(previous[i])});
  return contenders;
}

TEST(PickWinner, AgreesWithTryingEveryOrder) {
  std::mt19937_64 random(test_seed());
  int chained = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto contenders = random_contenders(random, 1 + random() % 5);
    std::vector<ContenderView> views;
    for (const auto& each : contenders)
      views.push_back({each.event, each.lifecycle, &each.state, &each.previous});
    ASSERT_EQ(pick_winner(views), slow_winner(contenders)) << "round " << round;
    if (pick_winner(views) != greatest(contenders)) ++chained;
  }
  EXPECT_GT(chained, 0) << "no chain ever mattered";
}

std::vector<Told> long_chain(std::size_t length) {
  std::vector<Told> chain;
  for (std::size_t i = 0; i < length; ++i)
    chain.push_back({"evt_" + std::to_string(99 - i), 1, R"({"n":)" + std::to_string(i + 1) + "}",
                     R"({"n":)" + std::to_string(i) + "}"});
  return chain;
}

TEST(PickWinner, AChainOfSixteenIsFollowedToItsEnd) {
  const auto chain = long_chain(kContendersMax);
  EXPECT_EQ(merged(chain).winner().event, chain.back().event);
}

TEST(WholeState, ACrowdedSecondKeepsTheGreatestInEveryOrder) {
  auto events = long_chain(kContendersMax + 4);
  events[7].lifecycle = 2;
  const States expected = merged(events);
  EXPECT_EQ(expected.contenders.size(), 1u);
  EXPECT_EQ(expected.winner().event, events[7].event);
  std::mt19937_64 random(test_seed());
  for (int round = 0; round < 200; ++round) {
    auto shuffled = events;
    shuffled.insert(shuffled.end(), events.begin(), events.begin() + 5);
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    ASSERT_EQ(merged(shuffled), expected);
  }
}

TEST(WholeState, ANewerSecondReplacesTheOlder) {
  States states;
  states.merge(Timestamp{Milliseconds{2000}}, false, contender({"a"}));
  states.merge(Timestamp{Milliseconds{1000}}, false, contender({"z"}));
  EXPECT_EQ(states.winner().event, "a");
  states.merge(Timestamp{Milliseconds{3000}}, false, contender({"b"}));
  EXPECT_EQ(states.winner().event, "b");
  EXPECT_EQ(states.contenders.size(), 1u);
}

TEST(WholeState, ANewerSecondAfterACrowdedOneIsNotCrowded) {
  States states = merged(long_chain(kContendersMax + 1));
  states.merge(Timestamp{Milliseconds{1000}}, false, contender({"a"}));
  EXPECT_FALSE(states.crowded);
}

TEST(WholeState, TerminalWinsOverEverythingNewer) {
  States states;
  states.merge(Timestamp{Milliseconds{5000}}, false, contender({"newer"}));
  states.merge(Timestamp{Milliseconds{1000}}, true, contender({"deleted", 2}));
  states.merge(Timestamp{Milliseconds{9000}}, false, contender({"newest"}));
  EXPECT_EQ(states.winner().event, "deleted");
  states.merge(Timestamp{Milliseconds{2000}}, true, contender({"canceled"}));
  EXPECT_EQ(states.winner().event, "canceled") << "of terminal states the newest";
}

TEST(WholeState, SurvivesItsRow) {
  const States written = merged(long_chain(3));
  const auto document = json::Document::parse(json::to_text(written));
  ASSERT_TRUE(document.has_value());
  States read;
  ASSERT_TRUE(json::decode(document.value().root(), read));
  EXPECT_EQ(read, written);
}

}  // namespace
}  // namespace penstock
