#include "common/core/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

TEST(Utf8, TakesTheFirstAndLastOfEachLength) {
  for (const char* text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xA9z"})
    EXPECT_TRUE(is_utf8(text)) << text;
  EXPECT_TRUE(is_utf8(std::string(1, '\0')));
}

TEST(Utf8, RefusesWhatLiesJustOutside) {
  for (const char* text :
       {"\x80", "\xBF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xC2\x7F", "\xC2\xC0", "\xE1\x80\x7F", "\xF1\x80\x80\xC0"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Utf8, RefusesASequenceThatIsCutOff) {
  for (const char* text : {"\xC2", "\xE1", "\xE1\x80", "\xF1", "\xF1\x80", "\xF1\x80\x80", "ok\xE2\x82"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(PrintableAscii, IsEveryCharacterFromTheSpaceToTheTildeWhereverItStands) {
  EXPECT_TRUE(is_printable_ascii(""));
  for (const std::size_t size : {1U, 7U, 8U, 9U, 16U, 19U})
    for (std::size_t at = 0; at < size; ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, '~');
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(is_printable_ascii(text), byte >= ' ' && byte <= '~') << size << " " << at << " " << byte;
      }
}

}  // namespace
}  // namespace penstock
