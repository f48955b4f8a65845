#include "common/adapters/kafka/fetch_progress.h"

#include <gmock/gmock.h>

namespace penstock::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const TopicPartition kQuiet{"payments", Partition{0}};
const TopicPartition kBusy{"payments", Partition{1}};

class FetchProgressTest : public testing::Test {
 protected:
  // A look at which these hold more, of those that have not moved.
  StallRemedies look(const FetchProgress::Positions& positions, const std::vector<TopicPartition>& holding) {
    const FetchProgress::Positions unmoved = progress_.look(positions);
    std::vector<TopicPartition> behind;
    for (const TopicPartition& each : holding)
      if (unmoved.contains(each)) behind.push_back(each);
    return progress_.advise(behind);
  }
  // The busy partition moves with every look, the quiet one stands still.
  StallRemedies look_at_both(const std::vector<TopicPartition>& holding = {kQuiet, kBusy}) {
    busy_ = Offset{busy_.value + 10};
    return look({{kQuiet, Offset{5}}, {kBusy, busy_}}, holding);
  }
  // The number of looks until the consumer is told to join anew.
  int looks_until_it_joins_anew() {
    for (int looks = 1; looks < 1000; ++looks)
      if (!look_at_both().join_anew.empty()) return looks;
    return 1000;
  }

  FetchProgress progress_;
  Offset busy_;
};

TEST_F(FetchProgressTest, OnePartitionThatStandsStillAmongBusyOnesIsRefetchedAndThenTheConsumerJoinsAnew) {
  EXPECT_THAT(look_at_both().refetch, IsEmpty()) << "the first look only shows where they stand";
  EXPECT_THAT(look_at_both().refetch, IsEmpty()) << "what it holds may have just come";
  StallRemedies remedies = look_at_both();
  EXPECT_THAT(remedies.refetch, ElementsAre(kQuiet));
  EXPECT_THAT(remedies.join_anew, IsEmpty());
  remedies = look_at_both();
  EXPECT_THAT(remedies.refetch, IsEmpty());
  EXPECT_THAT(remedies.join_anew, ElementsAre(kQuiet));
}

TEST_F(FetchProgressTest, WhileTheConsumerMayNotJoinAnewItIsRefetchedOnceAndThatIsPutOff) {
  for (int i = 0; i < 2; ++i) look_at_both();
  progress_.look({{kQuiet, Offset{5}}});
  EXPECT_THAT(progress_.advise({kQuiet}, false).refetch, ElementsAre(kQuiet));
  for (int i = 0; i < 5; ++i) {
    progress_.look({{kQuiet, Offset{5}}});
    const StallRemedies remedies = progress_.advise({kQuiet}, false);
    EXPECT_THAT(remedies.refetch, IsEmpty());
    EXPECT_THAT(remedies.join_anew, IsEmpty());
  }
  EXPECT_THAT(look_at_both().join_anew, ElementsAre(kQuiet));
}

TEST_F(FetchProgressTest, OnlyWhatHasNotMovedIsAskedAbout) {
  EXPECT_THAT(progress_.look({{kQuiet, Offset{5}}, {kBusy, Offset{1}}}), IsEmpty());
  EXPECT_THAT(progress_.look({{kQuiet, Offset{5}}, {kBusy, Offset{2}}}),
              ElementsAre(std::pair(kQuiet, std::optional(Offset{5}))));
}

TEST_F(FetchProgressTest, APartitionThatHoldsNoMoreIsNotStalled) {
  for (int i = 0; i < 20; ++i) EXPECT_THAT(look_at_both({}).refetch, IsEmpty());
}

TEST_F(FetchProgressTest, APartitionThatGetsARecordNowAndThenIsNotStalled) {
  for (int i = 0; i < 20; ++i) {
    const StallRemedies remedies =
        look_at_both(i % 2 == 0 ? std::vector{kQuiet} : std::vector<TopicPartition>{});
    EXPECT_THAT(remedies.refetch, IsEmpty());
  }
}

TEST_F(FetchProgressTest, OneRecordThatArrivesEndsTheStall) {
  for (int i = 0; i < 3; ++i) look({{kQuiet, Offset{5}}}, {kQuiet});
  EXPECT_THAT(look({{kQuiet, Offset{6}}}, {kQuiet}).join_anew, IsEmpty());
  EXPECT_THAT(look({{kQuiet, Offset{6}}}, {kQuiet}).refetch, IsEmpty());
  EXPECT_THAT(look({{kQuiet, Offset{6}}}, {kQuiet}).refetch, ElementsAre(kQuiet));
}

TEST_F(FetchProgressTest, APositionThatIsForgottenByTheRefetchHasNotMovedAndIsKept) {
  for (int i = 0; i < 3; ++i) look({{kQuiet, Offset{5}}}, {kQuiet});
  EXPECT_THAT(progress_.look({{kQuiet, std::nullopt}}),
              ElementsAre(std::pair(kQuiet, std::optional(Offset{5}))));
  EXPECT_THAT(progress_.advise({kQuiet}).join_anew, ElementsAre(kQuiet));
}

TEST_F(FetchProgressTest, APartitionOfWhichNothingEverCameCanStall) {
  for (int i = 0; i < 2; ++i) look({{kQuiet, std::nullopt}}, {kQuiet});
  EXPECT_THAT(look({{kQuiet, std::nullopt}}, {kQuiet}).refetch, ElementsAre(kQuiet));
}

TEST_F(FetchProgressTest, ALookWithoutAnAnswerCountsForNothing) {
  for (int i = 0; i < 20; ++i) progress_.look({{kQuiet, Offset{5}}});
  EXPECT_THAT(progress_.advise({kQuiet}).refetch, IsEmpty());
}

TEST_F(FetchProgressTest, WhatWasDealtAnewIsLookedAtAnew) {
  for (int i = 0; i < 3; ++i) look_at_both();
  progress_.begin_anew();
  EXPECT_THAT(look_at_both().join_anew, IsEmpty());
  EXPECT_THAT(look_at_both().join_anew, IsEmpty());
  EXPECT_THAT(look_at_both().refetch, ElementsAre(kQuiet));
}

TEST_F(FetchProgressTest, WhatWasTakenAwayIsForgotten) {
  for (int i = 0; i < 3; ++i) look_at_both();
  look({{kBusy, Offset{7}}}, {});
  EXPECT_THAT(look_at_both().join_anew, IsEmpty());
}

// The end of a partition may be no record but the mark of somebody's transaction, which is never handed over.
TEST_F(FetchProgressTest, WhatDoesNotHelpIsTriedEverMoreSeldomButForever) {
  std::vector<int> looks;
  for (int i = 0; i < 8; ++i) {
    looks.push_back(looks_until_it_joins_anew());
    progress_.begin_anew();
  }
  EXPECT_THAT(looks, ElementsAre(4, 6, 10, 18, 34, 66, 66, 66));
}

TEST_F(FetchProgressTest, PatienceIsThatOfTheBeginningOnceThePartitionMoved) {
  for (int i = 0; i < 3; ++i) {
    looks_until_it_joins_anew();
    progress_.begin_anew();
  }
  look({{kQuiet, Offset{5}}}, {});
  look({{kQuiet, Offset{9}}}, {});
  progress_.begin_anew();
  EXPECT_EQ(looks_until_it_joins_anew(), 4);
}

}  // namespace
}  // namespace penstock::kafka
