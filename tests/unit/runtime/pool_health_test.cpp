#include "workers/runtime/pool_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

const Error kAway{ErrorCode::unavailable, "connection refused"};

class PoolHealthTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  PoolHealth health_{"payments", clock_, Milliseconds{15'000}};
};

TEST_F(PoolHealthTest, WithoutEventsItIsIdleHoweverLong) {
  clock_.advance(std::chrono::hours{1});
  EXPECT_EQ(health_.status().state, PoolActivity::idle);
}

TEST_F(PoolHealthTest, EventsThatAreNotAppliedInTimeMakeItStuckAndOneThatIsEndsIt) {
  health_.took(500);
  clock_.advance(Milliseconds{14'999});
  EXPECT_EQ(health_.status().state, PoolActivity::running);
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(health_.status().state, PoolActivity::stuck)
      << "also when no call has failed: one may not return";
  health_.applied(1);
  EXPECT_EQ(health_.status().state, PoolActivity::running);
  EXPECT_EQ(health_.status().events, 499U);
}

TEST_F(PoolHealthTest, FailuresAreCountedFromTheLastThingApplied) {
  const Timestamp began = clock_.now();
  health_.took(3);
  clock_.advance(Milliseconds{5'000});
  health_.failed(kAway, "postgresql at db:5432/p");
  health_.failed(kAway, "postgresql at db:5432/p");
  PoolStatus status = health_.status();
  EXPECT_EQ(status.state, PoolActivity::backing_off);
  EXPECT_EQ(status.since, began);
  EXPECT_EQ(status.attempts, 2);
  EXPECT_EQ(status.error, "unavailable: connection refused (postgresql at db:5432/p)");
  clock_.advance(Milliseconds{10'000});
  status = health_.status();
  EXPECT_EQ(status.state, PoolActivity::stuck);
  EXPECT_THAT(to_text(status),
              HasSubstr("(for 15 s, 2 attempts, 3 events in hand): unavailable: connection refused"));
  health_.applied(3);
  EXPECT_EQ(health_.status().error, "");
  EXPECT_EQ(health_.status().attempts, 0);
}

TEST_F(PoolHealthTest, ALogThatIsAwayMakesItStuckToo) {
  health_.failed(kAway, "kafka at k:9092");
  clock_.advance(Milliseconds{15'000});
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  health_.has_nothing_to_do();
  EXPECT_EQ(health_.status().state, PoolActivity::idle);
}

TEST_F(PoolHealthTest, AWallClockThatIsSetChangesNothing) {
  health_.took(1);
  clock_.set(clock_.now() + std::chrono::hours{1});
  EXPECT_EQ(health_.status().state, PoolActivity::running);
  clock_.set(clock_.now() - std::chrono::hours{2});
  clock_.advance(Milliseconds{15'000});
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  EXPECT_EQ(health_.status().age, Milliseconds{15'000});
}

TEST_F(PoolHealthTest, EventsThatWereTakenAwayAreWaitedForUntilTheGroupMoves) {
  health_.took(3);
  health_.failed(kAway, "postgresql at db:5432/p");
  health_.lost_events();
  health_.has_nothing_to_do();
  clock_.advance(Milliseconds{15'000});
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  EXPECT_EQ(health_.status().attempts, 1);
  health_.took(3);
  EXPECT_EQ(health_.status().state, PoolActivity::stuck) << "to have them again is not to apply them";
  health_.lost_events();
  health_.group_moves();
  EXPECT_EQ(health_.status().state, PoolActivity::idle) << "another worker has applied something";
}

TEST_F(PoolHealthTest, AGroupThatStaysWhereItIsMakesAnIdleWorkerStuckToo) {
  const Timestamp began = clock_.now();
  health_.group_stays("3 events wait");
  clock_.advance(Milliseconds{14'999});
  health_.has_nothing_to_do();
  EXPECT_EQ(health_.status().state, PoolActivity::idle);
  clock_.advance(Milliseconds{1});
  health_.group_stays("4 events wait");
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  EXPECT_EQ(health_.status().since, began);
  EXPECT_EQ(health_.status().error, "4 events wait");
  health_.group_moves();
  EXPECT_EQ(health_.status().state, PoolActivity::idle);
}

TEST_F(PoolHealthTest, WhatCannotBeReadMakesItStuckWhateverElseIsApplied) {
  const Timestamp began = clock_.now();
  const Error damaged{ErrorCode::corrupt, "partition 3 is damaged"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(health_.status().error, "");
    health_.cannot_read(damaged, "kafka at k:9092");
    health_.took(1);
    health_.applied(1);
    health_.group_moves();
    clock_.advance(Milliseconds{5'000});
  }
  health_.has_nothing_to_do();
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  EXPECT_EQ(health_.status().since, began);
  EXPECT_EQ(health_.status().error, "corrupt: partition 3 is damaged (kafka at k:9092)");
  clock_.advance(Milliseconds{55'000});
  EXPECT_EQ(health_.status().state, PoolActivity::idle) << "it was not said again";
  health_.cannot_read(damaged, "kafka at k:9092");
  EXPECT_EQ(health_.status().state, PoolActivity::idle) << "this is another time";
}

TEST_F(PoolHealthTest, TakingAnotherBatchDoesNotHideThatNothingIsApplied) {
  health_.took(1);
  clock_.advance(Milliseconds{10'000});
  health_.took(1);
  clock_.advance(Milliseconds{5'000});
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
}

}  // namespace
}  // namespace penstock
