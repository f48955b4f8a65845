#include "ingress/intake/rate_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace penstock {
namespace {

constexpr std::uint64_t kSecret = 0x5eed;
const Timestamp kStart = timestamp_from_unix_ms(1'700'000'000'000);
constexpr RateLimitOptions kTwenty{.count = 20, .burst = 40};

// How many of `requests` at once are let in.
int let_in(RateLimit& limit, std::uint64_t client, Timestamp now, int requests = 1000) {
  int count = 0;
  for (; requests > 0; --requests) count += limit.admit(client, now) ? 0 : 1;
  return count;
}

TEST(RateLimit, LetsABurstInAndThenTheRate) {
  RateLimit limit(kTwenty, kSecret);
  EXPECT_EQ(let_in(limit, 1, kStart), 40);
  EXPECT_EQ(let_in(limit, 1, kStart + Milliseconds{49}), 0);
  EXPECT_EQ(let_in(limit, 1, kStart + Milliseconds{50}), 1);
  EXPECT_EQ(let_in(limit, 1, kStart + Milliseconds{1050}), 20);
  EXPECT_EQ(let_in(limit, 1, kStart + std::chrono::hours{1}), 40) << "no more than a burst is saved up";
}

TEST(RateLimit, SaysHowLongUntilTheNext) {
  RateLimit limit(kTwenty, kSecret);
  let_in(limit, 1, kStart);
  EXPECT_EQ(limit.admit(1, kStart), Milliseconds{50});
  EXPECT_EQ(limit.admit(1, kStart + Milliseconds{20}), Milliseconds{30});
  EXPECT_EQ(limit.admit(1, kStart + Milliseconds{50}), std::nullopt);
}

TEST(RateLimit, WhoIsRefusedPaysNothing) {
  RateLimit limit(kTwenty, kSecret);
  for (int i = 0; i < 10; ++i) let_in(limit, 1, kStart);
  EXPECT_EQ(limit.admit(1, kStart + Milliseconds{50}), std::nullopt);
}

TEST(RateLimit, EachClientHasABucketOfItsOwn) {
  RateLimit limit(kTwenty, kSecret);
  EXPECT_EQ(let_in(limit, 1, kStart), 40);
  EXPECT_EQ(let_in(limit, 2, kStart), 40);
}

TEST(RateLimit, NoneIsNone) {
  RateLimit limit({.count = 0, .burst = 0}, kSecret);
  EXPECT_EQ(let_in(limit, 1, kStart, 100'000), 100'000);
  EXPECT_EQ(limit.clients(), 0U);
}

TEST(RateLimit, RatesOfEveryMagnitudeAreKept) {
  for (const std::uint32_t rate : {1U, 3U, 7U, 1'000U, 1'000'000U}) {
    RateLimit limit({.count = rate, .burst = 2 * rate}, kSecret);
    EXPECT_EQ(let_in(limit, 1, kStart, 3'000'000), static_cast<int>(2 * rate)) << rate;
    EXPECT_EQ(let_in(limit, 1, kStart + std::chrono::seconds{1}, 3'000'000), static_cast<int>(rate)) << rate;
  }
}

TEST(RateLimit, MayBeOfLessThanOneASecond) {
  RateLimit limit({.count = 6, .per = std::chrono::seconds{60}, .burst = 2}, kSecret);
  EXPECT_EQ(let_in(limit, 1, kStart), 2);
  EXPECT_EQ(limit.admit(1, kStart), std::chrono::seconds{10});
  EXPECT_EQ(let_in(limit, 1, kStart + std::chrono::seconds{10}), 1);
}

TEST(RateLimit, AClockThatIsSetBackShutsNobodyOut) {
  RateLimit limit(kTwenty, kSecret);
  let_in(limit, 1, kStart);
  const Timestamp before = kStart - std::chrono::hours{5};
  EXPECT_EQ(limit.admit(1, before), Milliseconds{50});
  EXPECT_EQ(limit.admit(1, before + Milliseconds{50}), std::nullopt);
}

TEST(RateLimit, RemembersSoManyAndNoMore) {
  RateLimit limit({.count = 20, .burst = 40, .clients_max = 6'400}, kSecret);
  for (std::uint64_t client = 0; client < 100'000; ++client)
    EXPECT_EQ(limit.admit(client, kStart), std::nullopt);
  EXPECT_LE(limit.clients(), 6'400U);
  EXPECT_GT(limit.clients(), 6'000U) << "all locks have their share";
}

TEST(RateLimit, FullBucketsAreForgottenFirst) {
  RateLimit limit({.count = 20, .burst = 40, .clients_max = 6'400}, kSecret);
  for (std::uint64_t client = 0; client < 50'000; ++client) limit.admit(client, kStart);
  const Timestamp later = kStart + std::chrono::seconds{2};
  for (std::uint64_t client = 100'000; client < 100'640; ++client) limit.admit(client, later);
  EXPECT_LT(limit.clients(), 6'400U);
}

TEST(RateLimit, ManyAddressesEmptyNoBucketThatIsEmptierThanTheirs) {
  RateLimit limit({.count = 20, .burst = 40, .clients_max = 6'400}, kSecret);
  constexpr std::uint64_t kGreedy = 7;
  let_in(limit, kGreedy, kStart);
  for (std::uint64_t client = 1'000; client < 200'000; ++client)
    for (int requests = 0; requests < 3; ++requests) limit.admit(client, kStart);
  EXPECT_EQ(let_in(limit, kGreedy, kStart), 0);
}

TEST(RateLimit, ThreadsTakeNoTokenTwice) {
  RateLimit limit(kTwenty, kSecret);
  std::atomic<int> count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { count += let_in(limit, 1, kStart, 100); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 40);
}

}  // namespace
}  // namespace penstock
