// What is said, shown and raised when a pool applies nothing. The store is a real one.
#include "workers/runtime/pool_watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/adapters/sqlite/store.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/manual_clock.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PoolWatchdogTest : public ::testing::Test {
 protected:
  PoolWatchdogTest() {
    auto opened = open_sqlite_store({.file = folder_ / "state.db"});
    EXPECT_TRUE(opened);
    real_store_ = std::move(opened).value();
    EXPECT_TRUE(real_store_->migrate());
    store_ = std::make_unique<testing::FaultyStore>(*real_store_);
  }
  ~PoolWatchdogTest() override {
    store_.reset();
    real_store_.reset();
    std::filesystem::remove_all(folder_);
  }
  static std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "penstock-watchdog-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }

  // What look() writes to stderr.
  std::string lines_of_a_look() {
    ::testing::internal::CaptureStderr();
    watchdog_.look();
    return ::testing::internal::GetCapturedStderr();
  }
  void fail_for(Milliseconds time) {
    payments_.took(7);
    payments_.failed({ErrorCode::corrupt, "a damaged page"}, "sqlite at state.db");
    clock_.advance(time);
  }
  std::vector<Alert> alerts() {
    std::vector<Alert> found;
    const auto rows = real_store_->list(table_of<Alert>(), {});
    for (const auto& row : rows.value()) found.push_back(*from_cells<Alert>(row.cells));
    return found;
  }

  const std::filesystem::path folder_ = make_folder();
  ManualClock clock_;
  std::unique_ptr<StoreAdapter> real_store_;
  std::unique_ptr<testing::FaultyStore> store_;
  Metrics registry_;
  PoolHealth payments_{"payments", clock_, Milliseconds{15'000}};
  PoolHealth payouts_{"payouts", clock_, Milliseconds{15'000}};
  PoolWatchdog watchdog_{{&payments_, &payouts_}, clock_, registry_};
};

TEST_F(PoolWatchdogTest, ReadinessNamesThePoolSinceWhenAndWhy) {
  EXPECT_TRUE(watchdog_.ready());
  const std::string began = to_rfc3339(clock_.now());
  fail_for(Milliseconds{15'000});
  const auto ready = watchdog_.ready();
  ASSERT_FALSE(ready);
  EXPECT_THAT(ready.error().detail, HasSubstr("pool payments has applied nothing since " + began));
  EXPECT_THAT(ready.error().detail, HasSubstr("corrupt: a damaged page (sqlite at state.db)"));
  EXPECT_THAT(ready.error().detail, Not(HasSubstr("payouts")));
  payments_.applied(7);
  EXPECT_TRUE(watchdog_.ready());
}

TEST_F(PoolWatchdogTest, BeingStuckIsSaidAtOnceThenEveryMinuteAndSoIsItsEnd) {
  fail_for(Milliseconds{15'000});
  const std::string first = lines_of_a_look();
  EXPECT_THAT(first, HasSubstr("pool stuck"));
  EXPECT_THAT(first, HasSubstr("payments"));
  EXPECT_THAT(first, HasSubstr("a damaged page"));
  clock_.advance(Milliseconds{59'000});
  EXPECT_EQ(lines_of_a_look(), "");
  clock_.advance(Milliseconds{1'000});
  EXPECT_THAT(lines_of_a_look(), HasSubstr("pool stuck"));
  payments_.applied(7);
  EXPECT_THAT(lines_of_a_look(), HasSubstr("pool goes on"));
  EXPECT_EQ(lines_of_a_look(), "");
}

TEST_F(PoolWatchdogTest, TheAlertIsRaisedOnceAnOccasionAndAsSoonAsTheStoreTakesIt) {
  fail_for(Milliseconds{15'000});
  watchdog_.look();
  store_->set_available(false);
  watchdog_.raise_alerts(*store_);
  EXPECT_TRUE(alerts().empty());
  store_->set_available(true);
  watchdog_.raise_alerts(*store_);
  watchdog_.look();
  watchdog_.raise_alerts(*store_);
  ASSERT_EQ(alerts().size(), 1U);
  EXPECT_EQ(alerts()[0].kind, "pool_stuck");
  EXPECT_EQ(alerts()[0].subject, "payments");
  EXPECT_THAT(alerts()[0].message, HasSubstr("a damaged page"));

  payments_.applied(7);
  watchdog_.look();
  fail_for(Milliseconds{15'000});
  watchdog_.look();
  watchdog_.raise_alerts(*store_);
  EXPECT_EQ(alerts().size(), 2U) << "another occasion";
}

TEST_F(PoolWatchdogTest, TwoProcessesOfAPoolRaiseOneAlertAnOccasion) {
  Metrics other_registry;
  PoolHealth other{"payments", clock_, Milliseconds{15'000}};
  PoolWatchdog other_watchdog{{&other}, clock_, other_registry};
  for (const std::size_t occasion : {1U, 2U}) {
    fail_for(Milliseconds{3'000});
    other.took(1);
    clock_.advance(Milliseconds{15'000});
    watchdog_.look();
    other_watchdog.look();
    watchdog_.raise_alerts(*store_);
    clock_.advance(Milliseconds{1'000});
    other_watchdog.raise_alerts(*store_);
    EXPECT_EQ(alerts().size(), occasion);
    clock_.advance(Milliseconds{1'000});
    payments_.applied(7);
    other.applied(1);
    payments_.has_nothing_to_do();
    other.has_nothing_to_do();
    watchdog_.look();
    other_watchdog.look();
  }
}

TEST_F(PoolWatchdogTest, MetricsShowStateAndStall) {
  fail_for(Milliseconds{20'000});
  watchdog_.look();
  const std::string text = registry_.exposition();
  EXPECT_THAT(text, HasSubstr("penstock_worker_pool_state{pool=\"payments\",state=\"stuck\"} 1"));
  EXPECT_THAT(text, HasSubstr("penstock_worker_pool_state{pool=\"payments\",state=\"running\"} 0"));
  EXPECT_THAT(text, HasSubstr("penstock_worker_pool_state{pool=\"payouts\",state=\"idle\"} 1"));
  EXPECT_THAT(text, HasSubstr("penstock_worker_pool_stalled_seconds{pool=\"payments\"} 20"));
}

}  // namespace
}  // namespace penstock
