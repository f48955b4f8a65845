#include "ingress/intake/log_limit.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Timestamp at(std::int64_t ms) { return timestamp_from_unix_ms(1'700'000'000'000 + ms); }

TEST(LogLimit, AdmitsSoManyLinesASecond) {
  LogLimit limit(2);
  EXPECT_TRUE(limit.admit(at(0)));
  EXPECT_TRUE(limit.admit(at(500)));
  EXPECT_FALSE(limit.admit(at(999)));
  EXPECT_TRUE(limit.admit(at(1'000)));
}

TEST(LogLimit, SaysOnceHowManyWereHeldBack) {
  LogLimit limit(1);
  EXPECT_EQ(limit.admit(at(0)), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.admit(at(10 + i)), std::nullopt);
  EXPECT_EQ(limit.admit(at(1'000)), 5U);
  EXPECT_EQ(limit.admit(at(2'000)), 0U);
}

TEST(LogLimit, WhatIsTakenIsNotSaidAgain) {
  LogLimit limit(1);
  EXPECT_EQ(limit.take_held_back(), 0U);
  EXPECT_TRUE(limit.admit(at(0)));
  EXPECT_FALSE(limit.admit(at(0)));
  EXPECT_EQ(limit.take_held_back(), 1U);
  EXPECT_EQ(limit.admit(at(5'000)), 0U);
}

TEST(LogLimit, AClockThatIsSetBackSilencesNothing) {
  LogLimit limit(1);
  EXPECT_TRUE(limit.admit(at(0)));
  EXPECT_TRUE(limit.admit(at(-60'000)));
}

}  // namespace
}  // namespace penstock
