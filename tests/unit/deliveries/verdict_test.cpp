#include "workers/deliveries/verdict.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::chrono::seconds kSecond{1};
const Timestamp kNow = timestamp_from_unix_ms(784'111'777'000);  // Sun, 06 Nov 1994 08:49:37 GMT

Verdict of_status(int status) {
  OutgoingAnswer answer;
  answer.status = status;
  return verdict_of(SendResult<OutgoingAnswer>(answer));
}

std::optional<Milliseconds> after(std::string value, int status = 429) {
  OutgoingAnswer answer;
  answer.status = status;
  answer.headers = {{"retry-after", std::move(value)}};
  return retry_after(answer, kNow);
}

TEST(Verdict, OfEachStatusIsAsTheContractSays) {
  for (int status = 100; status < 600; ++status) {
    const Verdict expected = status >= 200 && status < 300                    ? Verdict::succeeded
                             : status == 410                                  ? Verdict::gone
                             : status >= 400 && status < 500 && status != 429 ? Verdict::refused
                                                                              : Verdict::retry;
    EXPECT_EQ(of_status(status), expected) << status;
  }
}

TEST(Verdict, OfEveryErrorButWhatCanNeverBeSentIsAnotherAttempt) {
  for (const auto& [error, word] : words_of(SendError{}))
    EXPECT_EQ(verdict_of(SendResult<OutgoingAnswer>(SendFailure{error, {}, 200, {}})),
              error == SendError::request_refused ? Verdict::refused : Verdict::retry)
        << word;
}

TEST(RetryAfter, IsASpanOrADate) {
  EXPECT_EQ(after("120"), 120 * kSecond);
  EXPECT_EQ(after("0"), 0 * kSecond);
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:57 GMT"), 20 * kSecond);
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 GMT"), 0 * kSecond);
  EXPECT_EQ(after("Sat, 05 Nov 1994 08:49:37 GMT"), 0 * kSecond) << "a time that has passed is now";
  EXPECT_EQ(after("7", 503), 7 * kSecond);
  EXPECT_EQ(after("7", 500), std::nullopt);
  EXPECT_EQ(after("7", 200), std::nullopt);
}

TEST(RetryAfter, IsADayAtMost) {
  EXPECT_EQ(after("999999999"), kRetryAfterMax);
  EXPECT_EQ(after("Fri, 31 Dec 9999 23:59:59 GMT"), kRetryAfterMax);
}

TEST(RetryAfter, ThatMakesNoSenseIsNone) {
  for (const char* value :
       {"", " 5", "5 ", "-1", "+5", "5s", "1e3", "9999999999", "0x5", "soon", "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nvo 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 anF 1994 08:49:37 GMT"})
    EXPECT_EQ(after(value), std::nullopt) << value;
}

TEST(NextAttempt, FollowsTheScheduleAFifthMoreOrLess) {
  const std::vector<Milliseconds> schedule{5 * kSecond, 300 * kSecond};
  const auto next = [&](std::int64_t attempts, double luck, std::optional<std::int64_t> retries_max = {},
                        std::optional<Milliseconds> asked = {}) {
    const auto at = next_attempt_at(schedule, attempts, retries_max, luck, asked, kNow);
    return at ? std::optional<Milliseconds>(*at - kNow) : std::nullopt;
  };
  EXPECT_EQ(next(1, 0), 4 * kSecond);
  EXPECT_EQ(next(1, 0.5), 5 * kSecond);
  EXPECT_EQ(next(2, 0.999999), Milliseconds{359'999});
  EXPECT_EQ(next(3, 0.5), std::nullopt) << "n delays are n retries";
  EXPECT_EQ(next(1, 0.5, 1), 5 * kSecond);
  EXPECT_EQ(next(2, 0.5, 1), std::nullopt) << "its type has one";
  EXPECT_EQ(next(1, 0.5, 0), std::nullopt);
  EXPECT_EQ(next(3, 0.5, 9), std::nullopt);
  EXPECT_EQ(next(1, 0.5, {}, 60 * kSecond), 60 * kSecond) << "not before the receiver says";
  EXPECT_EQ(next(1, 0.5, {}, 1 * kSecond), 5 * kSecond) << "nor sooner than we would";
  EXPECT_EQ(next_attempt_at({}, 1, {}, 0.5, {}, kNow), std::nullopt);
}

}  // namespace
}  // namespace penstock
