#include "common/waits/follower.h"

#include <gtest/gtest.h>

#include "common/adapters/memory/event_log.h"
#include "tests/fakes/manual_clock.h"

namespace penstock::waits {
namespace {

WaitingRun run_of(std::string run, std::string value) {
  return {std::move(run),   "acme",
          "dunning",        true,
          "org/acme:evt_1", {{1, WaitState::open, "invoice.paid", "/customer", std::move(value), {}, {}}}};
}

class WaitsFollower : public ::testing::Test {
 protected:
  void append(std::string key, std::string value, bool deletion = false) {
    EXPECT_TRUE(log_.log->append({std::string(kWaitsTopic), std::move(key), std::move(value), {}, deletion},
                                 [](const Result<Position>&) {}));
    EXPECT_TRUE(log_.log->flush(Milliseconds{5'000}));
  }
  void tell(const WaitingRun& run) { append(run.run, encode(run)); }

  std::size_t count(std::string_view value) const {
    const auto* places = follower_->table().current().matching("acme", "invoice.paid", "/customer", value);
    return places == nullptr ? 0 : places->size();
  }
  template <class Condition>
  void wait_until(const char* what, Condition&& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what;
      std::this_thread::yield();
    }
  }
  void wait_until_ready() const {
    wait_until("all is told", [&] { return follower_->table().current().filled(); });
  }

  ManualClock clock_;
  Metrics metrics_;
  MemoryEventLog log_ = open_memory_log({.partitions = 2}, clock_);
  std::optional<Follower> follower_;
};

TEST_F(WaitsFollower, KnowsWhatTheTopicHasAndWhatIsAppended) {
  ASSERT_TRUE(log_.log->create_topics({std::string(kWaitsTopic)}));
  tell(run_of("r1", "1"));
  follower_.emplace(*log_.log, clock_, metrics_);
  wait_until_ready();
  EXPECT_TRUE(follower_->ready());
  EXPECT_EQ(count("1"), 1U);
  tell(run_of("r2", "1"));
  wait_until("the second is told", [&] { return count("1") == 2; });
  append("r1", "", true);
  wait_until("the first is gone", [&] { return count("1") == 1; });
}

TEST_F(WaitsFollower, WhatCannotBeReadKeepsNothingElseBack) {
  ASSERT_TRUE(log_.log->create_topics({std::string(kWaitsTopic)}));
  append("r1", "no run");
  append("r3", encode(run_of("another", "1")));
  tell(run_of("r2", "1"));
  follower_.emplace(*log_.log, clock_, metrics_);
  wait_until_ready();
  EXPECT_EQ(count("1"), 1U);
}

TEST_F(WaitsFollower, ALogThatIsAwayMakesNobodyUnready) {
  follower_.emplace(*log_.log, clock_, metrics_);
  wait_until("it is noticed", [&] { return follower_->ready().has_value(); });
  EXPECT_FALSE(follower_->table().current().filled());
  ASSERT_TRUE(log_.log->create_topics({std::string(kWaitsTopic)}));
  wait_until_ready();
  EXPECT_TRUE(follower_->ready());
}

}  // namespace
}  // namespace penstock::waits
