#include "workers/runtime/pool_note.h"

#include <gtest/gtest.h>

#include "common/core/utf8.h"

namespace penstock {
namespace {

const Timestamp kSince = timestamp_from_unix_ms(1'753'463'561'250);

TEST(PoolNote, ReadsBackWhatWasWritten) {
  const PoolNote note{PoolActivity::stuck, kSince,
                      "corrupt: sqlite: \"malformed\" (sqlite at /data/state.db)"};
  EXPECT_EQ(parse_pool_note(to_text(note)), note);
}

TEST(PoolNote, ALongErrorIsCutAtACharacter) {
  for (const char* unit : {"x", "ä", "€", "\x01"}) {
    PoolNote note{PoolActivity::backing_off, kSince, {}};
    for (int i = 0; i < 2000; ++i) note.error += unit;
    const std::string text = to_text(note);
    EXPECT_LE(text.size(), 512U) << unit;
    const auto read = parse_pool_note(text);
    ASSERT_TRUE(read) << unit;
    EXPECT_GE(read->error.size(), 30U) << unit;
    EXPECT_TRUE(is_utf8(read->error)) << unit;
  }
}

TEST(PoolNote, AnythingElseIsNone) {
  for (const char* text :
       {"", "{}", "no json", R"({"state":"gone","since":"2025-01-01T00:00:00Z","error":""})"})
    EXPECT_FALSE(parse_pool_note(text)) << text;
}

}  // namespace
}  // namespace penstock
