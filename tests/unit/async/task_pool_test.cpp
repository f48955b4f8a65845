#include "common/async/task_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace penstock {
namespace {

constexpr std::chrono::seconds kPatience{30};

// A pool whose only thread is held until it is let go.
class HeldPool {
 public:
  explicit HeldPool(std::size_t waiting_max) : pool_(1, waiting_max) {
    EXPECT_TRUE(pool_.submit([this] {
      running_.set_value();
      let_go_.get_future().wait();
    }));
    EXPECT_EQ(running_.get_future().wait_for(kPatience), std::future_status::ready);
  }

  TaskPool& operator*() { return pool_; }
  void let_go() { let_go_.set_value(); }

 private:
  std::promise<void> running_, let_go_;
  TaskPool pool_;  // last: its tasks use the others
};

TEST(TaskPool, TakesAsManyAsMayWaitAndNoMore) {
  std::vector<int> done;
  std::promise<void> last;
  HeldPool held(2);
  EXPECT_TRUE((*held).submit([&] { done.push_back(1); }));
  EXPECT_TRUE((*held).submit([&] {
    done.push_back(2);
    last.set_value();
  }));
  EXPECT_FALSE((*held).submit([&] { done.push_back(3); }));
  held.let_go();
  ASSERT_EQ(last.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(done, (std::vector{1, 2})) << "in order of arrival";
}

TEST(TaskPool, HasRoomAgainOnceATaskRuns) {
  HeldPool held(1);
  std::promise<void> first, second;
  EXPECT_TRUE((*held).submit([&] { first.set_value(); }));
  held.let_go();
  ASSERT_EQ(first.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE((*held).submit([&] { second.set_value(); }));
  EXPECT_EQ(second.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(TaskPool, DestructionWaitsForWhatRuns) {
  bool done = false;
  {
    std::promise<void> running;
    TaskPool pool(1, 1);
    ASSERT_TRUE(pool.submit([&] {
      running.set_value();
      done = true;
    }));
    ASSERT_EQ(running.get_future().wait_for(kPatience), std::future_status::ready);
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace penstock
