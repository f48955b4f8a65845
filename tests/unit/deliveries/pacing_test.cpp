#include "workers/deliveries/pacing.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::chrono::seconds kSecond{1};
const Timestamp kNow = timestamp_from_unix_ms(1'753'463'561'000);

class BreakerTest : public ::testing::Test {
 protected:
  void fail(int times) {
    for (int n = 0; n < times; ++n) breaker_.failed(endpoint_, 0.5, now_);
  }
  // Until it lets one through again.
  Milliseconds open_for() const { return endpoint_.open_until.value_or(now_) - now_; }

  Breaker breaker_{{5 * kSecond, 300 * kSecond, 7'200 * kSecond}};
  DeliveryEndpoint endpoint_;
  Timestamp now_ = kNow;
};

TEST_F(BreakerTest, OpensAfterFiveFailuresInARow) {
  fail(4);
  EXPECT_FALSE(breaker_.is_open(endpoint_, now_));
  EXPECT_EQ(Breaker::at_once(endpoint_, 8), 8U);
  fail(1);
  EXPECT_TRUE(breaker_.is_open(endpoint_, now_));
  EXPECT_EQ(open_for(), 5 * kSecond);
  fail(7);
  EXPECT_EQ(open_for(), 5 * kSecond) << "what was sent before opens it no further";
  EXPECT_EQ(endpoint_.failures, 5);
}

TEST_F(BreakerTest, IsTriedByOneAndOpensForTwiceAsLongUpToFiveMinutes) {
  fail(5);
  std::vector<Milliseconds> waits;
  for (int n = 0; n < 8; ++n) {
    now_ = *endpoint_.open_until;
    EXPECT_FALSE(breaker_.is_open(endpoint_, now_));
    EXPECT_EQ(Breaker::at_once(endpoint_, 8), 1U);
    fail(1);
    waits.push_back(open_for());
  }
  EXPECT_EQ(waits, (std::vector<Milliseconds>{10 * kSecond, 20 * kSecond, 40 * kSecond, 80 * kSecond,
                                              160 * kSecond, 300 * kSecond, 300 * kSecond, 300 * kSecond}));
}

TEST_F(BreakerTest, IsWellAgainAfterOneSuccess) {
  fail(5);
  now_ = *endpoint_.open_until;
  Breaker::succeeded(endpoint_);
  EXPECT_EQ(endpoint_.failures, 0);
  EXPECT_FALSE(endpoint_.open_until);
  EXPECT_EQ(Breaker::at_once(endpoint_, 8), 8U);
}

TEST_F(BreakerTest, WaitsNoLongerThanTheScheduleDoes) {
  breaker_ = Breaker({1 * kSecond, 1 * kSecond});
  fail(5);
  for (int n = 0; n < 5; ++n) {
    now_ = *endpoint_.open_until;
    fail(1);
    EXPECT_EQ(open_for(), 1 * kSecond);
  }
  breaker_ = Breaker({});
  now_ = *endpoint_.open_until;
  fail(1);
  EXPECT_LE(open_for(), 300 * kSecond);
}

TEST_F(BreakerTest, APauseThatIsAskedForIsFiveMinutesAtMost) {
  Breaker::pause(endpoint_, 60 * kSecond, now_);
  EXPECT_EQ(open_for(), 60 * kSecond);
  Breaker::pause(endpoint_, 10 * kSecond, now_);
  EXPECT_EQ(open_for(), 60 * kSecond) << "no shorter than was asked for before";
  Breaker::pause(endpoint_, Milliseconds::max(), now_);
  EXPECT_EQ(open_for(), 300 * kSecond);
  Breaker::succeeded(endpoint_);
  EXPECT_EQ(open_for(), 300 * kSecond) << "what was under way ends no pause";
  Breaker::close(endpoint_);
  EXPECT_FALSE(endpoint_.open_until);
}

TEST_F(BreakerTest, AClockThatIsSetBackDoesNotKeepItOpen) {
  fail(5);
  EXPECT_FALSE(breaker_.is_open(endpoint_, now_ - std::chrono::hours{24}));
}

// How many of what is always there are sent within that time, looked at every millisecond.
int sent_within(Pace& pace, std::int64_t per_second, Timestamp& now, Milliseconds time) {
  int sent = 0;
  for (const Timestamp end = now + time; now < end; now += Milliseconds{1})
    while (pace.take(per_second, now)) ++sent;
  return sent;
}

TEST(Pace, IsEvenAndNeverFaster) {
  for (const std::int64_t rate : {1, 7, 100, 1'000, 9'999}) {
    Pace pace;
    Timestamp now = kNow;
    const int first = sent_within(pace, rate, now, 1 * kSecond);
    EXPECT_GE(first, rate) << rate;
    EXPECT_LE(first, rate + rate / 10 + 1) << rate;
    const int ten = sent_within(pace, rate, now, 10 * kSecond);
    EXPECT_GE(ten, 10 * rate - 1) << rate;
    EXPECT_LE(ten, 10 * rate + 10 + rate / 100) << rate;
  }
}

TEST(Pace, GoesOnWhereItWasLeft) {
  Pace pace;
  EXPECT_TRUE(pace.take(1, kNow));
  EXPECT_FALSE(pace.take(1, kNow));
  Pace other(pace.used_until(kNow));
  EXPECT_FALSE(other.take(1, kNow + Milliseconds{800}));
  EXPECT_TRUE(other.take(1, kNow + Milliseconds{1'000}));
  EXPECT_EQ(other.used_until(kNow + 10 * kSecond), std::nullopt) << "nothing is saved up";
  EXPECT_TRUE(other.take(1, kNow + 10 * kSecond));
  EXPECT_FALSE(other.take(1, kNow + 10 * kSecond));
}

TEST(Pace, AClockThatIsSetBackDoesNotHoldItUp) {
  Pace pace;
  EXPECT_TRUE(pace.take(1, kNow));
  EXPECT_TRUE(pace.take(1, kNow - std::chrono::hours{24}));
}

}  // namespace
}  // namespace penstock
