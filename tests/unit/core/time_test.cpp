#include "common/core/time.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Rfc3339, RoundTripsMilliseconds) {
  const auto at = timestamp_from_unix_ms(1753463561123);
  EXPECT_EQ(to_rfc3339(at), "2025-07-25T17:12:41.123Z");
  EXPECT_EQ(parse_rfc3339(to_rfc3339(at)), at);
}

TEST(Rfc3339, WholeSecondsHaveNoFraction) {
  EXPECT_EQ(to_rfc3339(timestamp_from_unix_ms(0)), "1970-01-01T00:00:00Z");
}

TEST(Rfc3339, CutsNanosecondsAndAppliesOffsets) {
  EXPECT_EQ(parse_rfc3339("2025-10-04T15:13:32.232083866Z"), timestamp_from_unix_ms(1759590812232));
  EXPECT_EQ(parse_rfc3339("2025-10-04T17:13:32+02:00"), timestamp_from_unix_ms(1759590812000));
}

TEST(Rfc3339, RefusesWhatIsNotADate) {
  for (const char* text : {"", "2025", "2025-02-30T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:00:00",
                           "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00Zx", "2025-01-01T00:00:00+0100",
                           "2025-01-01T00:00:00.0123456789Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Rfc3339, YearsThatItCannotSpellInUtcAreRefused) {
  for (const char* text : {"0001-01-01T00:00:00Z", "0001-01-01T01:00:00+01:00", "9999-12-31T23:59:59.999Z"}) {
    const auto at = parse_rfc3339(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(parse_rfc3339(to_rfc3339(*at)), at) << text;
  }
  for (const char* text : {"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(UnixSeconds, YearsOutsideRfc3339AreRefused) {
  EXPECT_TRUE(timestamp_from_unix_seconds(253402300799));
  EXPECT_FALSE(timestamp_from_unix_seconds(253402300800));
  EXPECT_TRUE(timestamp_from_unix_seconds(-62135596800));
  EXPECT_FALSE(timestamp_from_unix_seconds(-62135596801));
  EXPECT_FALSE(timestamp_from_unix_seconds(INT64_MAX));
  EXPECT_FALSE(timestamp_from_unix_seconds(INT64_MIN));
}

}  // namespace
}  // namespace penstock
