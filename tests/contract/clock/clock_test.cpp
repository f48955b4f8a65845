// What every Clock promises.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "common/adapters/system_clock/system_clock.h"
#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

template <class Adapter>
class ClockContract : public testing::Test {};

using Adapters = testing::Types<SystemClock, ManualClock>;
TYPED_TEST_SUITE(ClockContract, Adapters);

TYPED_TEST(ClockContract, TellsATimeThatCanBeSpelled) {
  const TypeParam clock;
  const Timestamp now = clock.now();
  EXPECT_EQ(parse_rfc3339(to_rfc3339(now)), now);
  EXPECT_GT(now, parse_rfc3339("2025-01-01T00:00:00Z"));
}

TYPED_TEST(ClockContract, MayBeReadFromManyThreads) {
  const TypeParam clock;
  const Timestamp before = clock.now();
  std::vector<Timestamp> read(8);
  std::vector<std::thread> threads;
  threads.reserve(read.size());
  for (Timestamp& result : read) threads.emplace_back([&] { result = clock.now(); });
  for (std::thread& thread : threads) thread.join();
  for (const Timestamp result : read) EXPECT_LT(result - before, Milliseconds{60'000});
}

TEST(SystemClock, AgreesWithTheMachine) {
  const auto machine = std::chrono::system_clock::now();
  EXPECT_LT(std::chrono::abs(SystemClock().now() - machine), Milliseconds{5'000});
}

TEST(ManualClock, StandsStillUntilItIsTold) {
  ManualClock clock(timestamp_from_unix_ms(1'000));
  EXPECT_EQ(clock.now(), timestamp_from_unix_ms(1'000));
  clock.advance(Milliseconds{5});
  EXPECT_EQ(clock.now(), timestamp_from_unix_ms(1'005));
  clock.set(timestamp_from_unix_ms(7));
  EXPECT_EQ(clock.now(), timestamp_from_unix_ms(7));
}

}  // namespace
}  // namespace penstock
