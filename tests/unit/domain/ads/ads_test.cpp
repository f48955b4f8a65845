#include "workers/domain/ads/ads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tests/unit/domain/world.h"
#include "workers/domain/outbound/outbound.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
const std::string kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

AdTerms terms(std::int64_t budget, std::int64_t cost, std::optional<AdStatus> status = {}) {
  return {kAd, {"A banner"}, {MicroUnits{budget}, MicroUnits{cost}, "usd"}, status};
}

// An ad to which impressions and terms come, a second apart. The impression of that number is "ads:<number>".
class Shown {
 public:
  // So many impressions, decided about at once.
  Outcome show(std::int64_t impressions) {
    ImpressionFacts facts{kAd, {}};
    for (; impressions > 0; --impressions)
      facts.impressions.push_back({{"ads:" + std::to_string(++last_)}, at(++now_)});
    const auto effects = world_.carry_out(
        facts.impressions.back().event,
        [&](const View& view, Reads& reads) { name_reads(view, facts, reads); },
        [&](const View& view) { return decide(view, facts, {}); });
    CHECK(effects.has_value());
    return effects.value().outcome;
  }

  Effects put(const AdTerms& said) {
    const EventKey by{"admin:" + std::to_string(++now_)};
    return world_
        .carry_out(
            by, [&](const View& view, Reads& reads) { name_reads(view, said, reads); },
            [&](const View& view) -> Result<Effects> { return decide_terms(view, said, at(now_), by); })
        .value();
  }

  Ad row() const { return world_.find<Ad>(kAd).value(); }
  AdView view() const { return ad_view(row()); }
  // The causes of what was told, in the order of their ids.
  std::vector<OutboxRow> told() const { return world_.all<OutboxRow>(); }
  const World& world() const { return world_; }

 private:
  World world_;
  int last_ = 0;
  std::int64_t now_ = 0;
};

TEST(AdsDecide, EachImpressionCountsAndCosts) {
  Shown ad;
  ad.put(terms(1'000'000, 2'500));
  EXPECT_EQ(ad.show(1), Outcome::applied);
  ad.show(3);
  EXPECT_EQ(json::to_text(ad.view()),
            R"({"id":"0f8fad5b-d9cb-469f-a165-70867728950e","name":"A banner","impressions":4,"spend":10000,)"
            R"("budget":1000000,"cost_per_impression":2500,"currency":"usd","status":"active",)"
            R"("paused_reason":null,"paused_at":null})");
  EXPECT_THAT(ad.told(), IsEmpty());
}

TEST(AdsDecide, TheImpressionThatReachesTheBudgetPausesTheAd) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(3);
  EXPECT_EQ(ad.view().status, AdStatus::active) << "three cost 90";
  ad.show(1);
  EXPECT_EQ(ad.view().status, AdStatus::paused);
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.view().paused_at, at(5));
  EXPECT_EQ(ad.view().spend, MicroUnits{100}) << "and not 120";
}

TEST(AdsDecide, ABudgetThatIsReachedExactlyIsReached) {
  Shown ad;
  ad.put(terms(90, 30));
  ad.show(2);
  EXPECT_EQ(ad.view().status, AdStatus::active);
  ad.show(1);
  EXPECT_EQ(ad.view().status, AdStatus::paused);
  EXPECT_EQ(ad.view().spend, MicroUnits{90});
}

TEST(AdsDecide, APausedAdCountsOnAndTellsNothingMore) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(4);
  ad.show(1);
  ad.show(500);
  EXPECT_EQ(ad.view().impressions, 505);
  EXPECT_EQ(ad.view().spend, MicroUnits{100});
  EXPECT_EQ(ad.view().paused_at, at(5));
  EXPECT_EQ(ad.told().size(), 1U);
}

TEST(AdsDecide, WhatIsToldIsTheAdAsItStoodHoweverManyCameAtOnce) {
  Shown one_by_one, at_once;
  for (Shown* ad : {&one_by_one, &at_once}) ad->put(terms(100, 30));
  for (int i = 0; i < 9; ++i) one_by_one.show(1);
  at_once.show(9);
  EXPECT_EQ(one_by_one.world().rows(), at_once.world().rows());
  ASSERT_EQ(at_once.told().size(), 1U);
  const OutboxRow told = at_once.told().front();
  EXPECT_EQ(told.type, "ad.paused");
  EXPECT_EQ(told.event, EventKey{"ads:4"});
  EXPECT_EQ(told.id, outbound_id("ad.paused", "ad.paused:" + kAd + ":100:1"));
  EXPECT_THAT(told.data, HasSubstr(R"("impressions":4,"spend":100,)"));
  EXPECT_THAT(told.data,
              HasSubstr(R"("status":"paused","paused_reason":"budget","paused_at":"1970-01-01T00:00:05Z")"));
}

TEST(AdsDecide, AHigherBudgetResumesAndItsEndIsToldAnew) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(5);
  ad.put(terms(151, 30));
  EXPECT_EQ(ad.view().status, AdStatus::active);
  EXPECT_FALSE(ad.view().paused_reason);
  EXPECT_FALSE(ad.view().paused_at);
  EXPECT_EQ(ad.view().spend, MicroUnits{150}) << "all impressions cost";
  ad.show(1);
  EXPECT_EQ(ad.view().status, AdStatus::paused);
  EXPECT_EQ(ad.told().size(), 2U);
}

TEST(AdsDecide, AHigherBudgetThatIsReachedAsWellChangesNothing) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(5);
  const auto paused_at = ad.view().paused_at;
  ad.put(terms(150, 30));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.view().paused_at, paused_at);
  EXPECT_EQ(ad.told().size(), 1U) << "it was reached all the time";
}

TEST(AdsDecide, ABudgetThatIsRaisedAndTakenBackIsReachedTwice) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(4);
  for (int again = 0; again < 3; ++again) {
    ad.put(terms(1000, 30));
    EXPECT_EQ(ad.view().status, AdStatus::active);
    ad.put(terms(100, 30));
    EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  }
  EXPECT_EQ(ad.told().size(), 4U);
}

TEST(AdsDecide, AHigherCostReachesTheBudgetToo) {
  Shown ad;
  ad.put(terms(100, 1));
  ad.show(10);
  ad.put(terms(100, 10));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.told().size(), 1U);
  ad.put(terms(100, 9));
  EXPECT_EQ(ad.view().status, AdStatus::active);
}

TEST(AdsDecide, NoBudgetLiftsAManualPause) {
  Shown ad;
  ad.put(terms(100, 30, AdStatus::paused));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::manual);
  EXPECT_EQ(ad.view().paused_at, at(1));
  EXPECT_THAT(ad.told(), IsEmpty()) << "who pauses an ad knows it";
  ad.show(4);
  EXPECT_EQ(ad.view().paused_reason, PauseReason::manual);
  EXPECT_EQ(ad.told().size(), 1U) << "its budget is reached all the same";
  ad.put(terms(1000, 30));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::manual);
  EXPECT_EQ(ad.view().paused_at, at(1));
  ad.put(terms(1000, 30, AdStatus::active));
  EXPECT_EQ(ad.view().status, AdStatus::active);
}

TEST(AdsDecide, AnAdCannotBeActiveOverItsBudget) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(4);
  ad.put(terms(100, 30, AdStatus::paused));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::manual);
  ad.put(terms(100, 30, AdStatus::active));
  EXPECT_EQ(ad.view().status, AdStatus::paused);
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.view().paused_at, at(5)) << "it has been paused since";
  EXPECT_EQ(ad.told().size(), 1U);
}

TEST(AdsDecide, WhatLeavesSixtyFourBitsReachesEveryBudget) {
  Shown ad;
  ad.put(terms(kGreatest, kGreatest - 1));
  ad.show(1);
  EXPECT_EQ(ad.view().status, AdStatus::active);
  EXPECT_EQ(ad.view().spend, MicroUnits{kGreatest - 1});
  ad.show(1);
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.view().spend, MicroUnits{kGreatest});
  EXPECT_EQ(ad.view().impressions, 2);
}

TEST(AdsDecide, ACountStaysAtTheGreatestNumber) {
  World world;
  Effects effects;
  Ad ad;
  ad.id = kAd;
  ad.registered = true;
  ad.budget = MicroUnits{kGreatest};
  ad.cost_per_impression = MicroUnits{0};
  ad.impressions = kGreatest - 1;
  const auto want_ad = [](const View&, Reads& reads) { reads.want<Ad>(kAd); };
  ASSERT_TRUE(world.carry_out({"admin:1"}, want_ad, [&](const View&) -> Result<Effects> {
    effects.put(ad);
    return effects;
  }));
  const ImpressionFacts facts{kAd, {{{"ads:1"}, at(1)}, {{"ads:2"}, at(2)}, {{"ads:3"}, at(3)}}};
  ASSERT_TRUE(world.carry_out({"ads:3"}, want_ad, [&](const View& view) { return decide(view, facts, {}); }));
  EXPECT_EQ(world.find<Ad>(kAd)->impressions, kGreatest);
  EXPECT_EQ(world.find<Ad>(kAd)->status, AdStatus::active) << "for nothing, for ever";
}

TEST(AdsDecide, WhatCostsNothingReachesOnlyABudgetOfNothing) {
  Shown ad;
  ad.put(terms(1, 0));
  ad.show(1000);
  EXPECT_EQ(ad.view().status, AdStatus::active);
  EXPECT_EQ(ad.view().spend, MicroUnits{0});
  ad.put(terms(0, 0));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
}

TEST(AdsDecide, AnAdOfNoBudgetIsPausedFromTheBeginning) {
  Shown ad;
  ad.put(terms(0, 30));
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.told().size(), 1U);
}

TEST(AdsDecide, ImpressionsBeforeTheAdIsRegisteredCountToo) {
  Shown ad;
  ad.show(4);
  EXPECT_FALSE(ad.row().registered);
  EXPECT_EQ(ad.row().status, AdStatus::active);
  ad.put(terms(100, 30));
  EXPECT_EQ(ad.view().impressions, 4);
  EXPECT_EQ(ad.view().paused_reason, PauseReason::budget);
  EXPECT_EQ(ad.told().size(), 1U);
}

TEST(AdsTerms, TheCurrencyIsFixedOnceTheAdHasBeenShown) {
  Shown ad;
  ad.put(terms(100, 30));
  AdTerms other = terms(500, 10);
  other.price.currency = "eur";
  EXPECT_EQ(ad.put(other).outcome, Outcome::applied);
  ad.show(1);
  const Ad before = ad.row();
  other.price.currency = "usd";
  const Effects refused = ad.put(other);
  EXPECT_EQ(refused.outcome, Outcome::ignored);
  EXPECT_EQ(refused.reason, kCurrencyFixed);
  EXPECT_EQ(ad.row(), before);
}

TEST(AdsTerms, SayNameAndPriceAsAWhole) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(1);
  AdTerms nameless = terms(70, 7);
  nameless.name.name.reset();
  ad.put(nameless);
  EXPECT_FALSE(ad.view().name);
  EXPECT_EQ(ad.view().budget, MicroUnits{70});
  EXPECT_EQ(ad.view().cost_per_impression, MicroUnits{7});
  EXPECT_EQ(ad.view().impressions, 1) << "the count is kept";
}

TEST(AdsTerms, TheSameAgainChangeNothing) {
  Shown ad;
  ad.put(terms(100, 30));
  ad.show(4);
  const auto before = ad.world().rows();
  EXPECT_EQ(ad.put(terms(100, 30)).outcome, Outcome::duplicate);
  EXPECT_EQ(ad.world().rows(), before);
}

// Impressions and terms in a random order; the impressions between two terms come in batches of any size.
TEST(AdsProperties, HowImpressionsAreDividedIntoBatchesChangesNothing) {
  std::mt19937_64 random(test_seed());
  const auto draw = [&](std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random);
  };
  for (int round = 0; round < 200; ++round) {
    Shown one_by_one, divided;
    std::int64_t impressions = 0;
    for (int step = 0; step < 8; ++step) {
      std::optional<AdStatus> status;
      if (draw(0, 3) == 0) status = draw(0, 1) == 0 ? AdStatus::paused : AdStatus::active;
      const AdTerms said = terms(draw(0, 60), draw(0, 5), status);
      const std::int64_t shown = draw(0, 12);
      impressions += shown;
      for (Shown* ad : {&one_by_one, &divided}) ad->put(said);
      for (std::int64_t i = 0; i < shown; ++i) one_by_one.show(1);
      for (std::int64_t left = shown; left > 0;) {
        const std::int64_t batch = draw(1, left);
        divided.show(batch);
        left -= batch;
      }
    }
    ASSERT_EQ(one_by_one.world().rows(), divided.world().rows()) << "round " << round;
    const Ad ad = divided.row();
    ASSERT_EQ(ad.impressions, impressions);
    ASSERT_EQ(divided.told().size(), static_cast<std::size_t>(ad.budgets_reached));
    ASSERT_EQ(ad.status == AdStatus::paused, ad.paused_reason.has_value());
    ASSERT_EQ(ad.status == AdStatus::paused, ad.paused_at.has_value());
  }
}

}  // namespace
}  // namespace penstock::testing
