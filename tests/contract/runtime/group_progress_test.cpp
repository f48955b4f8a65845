#include "workers/runtime/group_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/adapters/memory/event_log.h"
#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

class GroupWatchTest : public ::testing::Test {
 protected:
  GroupWatchTest() { EXPECT_TRUE(log_.log->create_topics({"payments"})); }

  void append() {
    ASSERT_TRUE(log_.log->append({"payments", "k", "{}", {}}, [](const Result<Position>&) {}));
    ASSERT_TRUE(log_.log->flush(Milliseconds{5'000}));
  }
  // Looks every three seconds for so long.
  void look_for(Milliseconds time) {
    for (const auto end = clock_.uptime() + time; clock_.uptime() < end; clock_.advance(Milliseconds{3'000}))
      watch_.look();
    watch_.look();
  }
  void do_one() {
    const auto polled = consumer_->poll(1, Milliseconds{5'000});
    ASSERT_TRUE(polled);
    ASSERT_EQ(polled.value().size(), 1U);
    ASSERT_TRUE(consumer_->commit(std::vector{polled.value()[0].position}));
  }

  ManualClock clock_;
  MemoryEventLog log_ = open_memory_log({}, clock_);
  PoolHealth health_{"payments", clock_, Milliseconds{15'000}};
  GroupWatch watch_{*log_.log, "penstock.payments", "memory", health_};
  std::unique_ptr<EventConsumer> consumer_;
};

TEST_F(GroupWatchTest, EventsThatReachNobodyMakeThePoolStuckThoughItsWorkerHasNothingToDo) {
  look_for(Milliseconds{30'000});
  EXPECT_EQ(health_.status().state, PoolActivity::idle) << "nothing to do";
  append();
  look_for(Milliseconds{12'000});
  health_.has_nothing_to_do();
  EXPECT_EQ(health_.status().state, PoolActivity::idle);
  look_for(Milliseconds{6'000});
  health_.has_nothing_to_do();
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  EXPECT_THAT(
      health_.status().error,
      HasSubstr("1 events wait in the log and none is done: no worker of this pool is running (memory)"));
}

TEST_F(GroupWatchTest, AGroupThatDoesSomethingNowAndThenIsNotStuck) {
  auto joined = log_.log->subscribe("penstock.payments", {"payments"});
  ASSERT_TRUE(joined);
  consumer_ = std::move(joined).value();
  for (int i = 0; i < 5; ++i) append();
  for (int i = 0; i < 4; ++i) {
    do_one();
    look_for(Milliseconds{12'000});
    EXPECT_NE(health_.status().state, PoolActivity::stuck) << i;
  }
  look_for(Milliseconds{18'000});
  EXPECT_EQ(health_.status().state, PoolActivity::stuck);
  do_one();
  watch_.look();
  EXPECT_EQ(health_.status().state, PoolActivity::idle);
}

TEST_F(GroupWatchTest, ItSaysWhyAnotherWorkerOfThePoolDoesNothing) {
  auto joined = log_.log->subscribe("penstock.payments", {"payments"});
  ASSERT_TRUE(joined);
  consumer_ = std::move(joined).value();
  append();
  const PoolNote note{PoolActivity::backing_off, clock_.now(),
                      "unavailable: refused (postgresql at db:5432/p)"};
  const auto polled = consumer_->poll(1, Milliseconds{5'000});
  ASSERT_TRUE(polled);
  ASSERT_TRUE(consumer_->annotate(std::vector{polled.value()[0].position}, to_text(note)));
  look_for(Milliseconds{18'000});
  EXPECT_THAT(health_.status().error, HasSubstr("refused (postgresql at db:5432/p)"));
}

TEST_F(GroupWatchTest, AGroupThatCannotBeAskedAboutIsNotTakenForAGoodOne) {
  GroupWatch watch(*log_.log, "penstock.nowhere", "memory", health_);
  PoolHealth lost{"no_such_topic", clock_, Milliseconds{15'000}};
  GroupWatch unknown(*log_.log, "penstock.no_such_topic", "memory", lost);
  unknown.look();
  clock_.advance(Milliseconds{15'000});
  unknown.look();
  EXPECT_EQ(lost.status().state, PoolActivity::stuck);
  EXPECT_THAT(lost.status().error, HasSubstr("nobody knows how far group penstock.no_such_topic is"));
}

}  // namespace
}  // namespace penstock
