#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "common/json/codec.h"
#include "common/json/cursor.h"
#include "common/json/value.h"

namespace penstock::json {
namespace {

std::string problem(std::string_view text, Limits limits = {}) {
  const auto parsed = Document::parse(text, limits);
  return parsed ? "" : parsed.error().detail.substr(0, parsed.error().detail.find(' '));
}

TEST(JsonParse, ReadsMembersOfEveryKind) {
  const auto parsed = Document::parse(R"({"a":[1,"two",null,true],"b":{"c":-9223372036854775808},"d":""})");
  ASSERT_TRUE(parsed);
  const Value root = parsed.value().root();
  EXPECT_EQ(root["b"]["c"].integer(), INT64_MIN);
  EXPECT_EQ(root["d"].string(), "");
  EXPECT_TRUE(root["nothing"].absent());
  EXPECT_EQ(root["a"].size(), 4U);
  EXPECT_EQ(canonical(root), R"({"a":[1,"two",null,true],"b":{"c":-9223372036854775808},"d":""})");
}

// Strings of every length at every place, since texts are read in blocks.
TEST(JsonParse, AStringIsWhatItWasWhereverItStands) {
  for (std::size_t before = 0; before < 20; ++before)
    for (std::size_t length = 0; length < 40; ++length) {
      const std::string blanks(before, ' '), plain(length, 'x');
      const std::string text = blanks + "[" + blanks + "\"" + plain + R"(\n\"\u00e9)" + plain + "\",\"" +
                               plain + "\",17" + blanks + "]";
      const auto parsed = Document::parse(text);
      ASSERT_TRUE(parsed) << text << ": " << parsed.error().detail;
      const Value root = parsed.value().root();
      EXPECT_EQ(root.first().string(), plain + "\n\"\xC3\xA9" + plain) << text;
      EXPECT_EQ(root.next(root.first()).string(), plain) << text;
      EXPECT_EQ(root.next(root.next(root.first())).integer(), 17) << text;
    }
}

TEST(JsonParse, IntegersAreExactOrNone) {
  const auto parsed = Document::parse("[9223372036854775807,9223372036854775808,1.0,1e3,-0]");
  ASSERT_TRUE(parsed);
  Value v = parsed.value().root().first();
  EXPECT_EQ(v.integer(), INT64_MAX);
  for (int i = 0; i < 3; ++i) {
    v = parsed.value().root().next(v);
    EXPECT_EQ(v.integer(), std::nullopt) << v.number_text();
  }
}

TEST(JsonParse, NumbersThatCrashOtherModesStayText) {
  for (const char* number :
       {"128.74836467836484838364836483643636483648e-336", "0.0000000000000000000000000000001e-2147483639"}) {
    const auto parsed = Document::parse(number);
    ASSERT_TRUE(parsed) << number;
    EXPECT_EQ(parsed.value().root().number_text(), number);
  }
  EXPECT_EQ(problem("1e999999999999"), "not_json");
}

TEST(JsonParse, DepthIsBoundedWithoutRecursion) {
  EXPECT_EQ(problem(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_EQ(problem(std::string(65, '[') + std::string(65, ']')), "too_deep");
  EXPECT_EQ(problem(std::string(1'000'000, '[')), "too_deep");
}

TEST(JsonParse, DuplicateKeysAreRefusedAtAnyDepth) {
  EXPECT_EQ(problem(R"({"a":1,"a":2})"), "duplicate_key");
  EXPECT_EQ(problem(R"([{"x":{"a":1,"b":2,"\u0061":3}}])"), "duplicate_key");
  EXPECT_EQ(problem(R"([{"a":1},{"a":1}])"), "");
}

TEST(JsonParse, TextThatPostgresCannotStoreIsRefused) {
  EXPECT_EQ(problem(R"({"a":"x\u0000y"})"), "nul_in_string");
  EXPECT_EQ(problem(R"({"\u0000":1})"), "nul_in_string");
  EXPECT_EQ(problem(R"(["\ud800"])"), "invalid_utf8");
  EXPECT_EQ(problem(R"(["\udc00"])"), "invalid_utf8");
  EXPECT_EQ(problem("[\"\xC3\x28\"]"), "invalid_utf8");
  EXPECT_EQ(problem("[\"\xED\xA0\x80\"]"), "invalid_utf8");
  // Beside what is no ASCII, and with escapes elsewhere.
  EXPECT_EQ(problem("[\"\xC3\xA9\\u0000\"]"), "nul_in_string");
  EXPECT_EQ(problem("[\"\xC3\xA9\\udc00\"]"), "invalid_utf8");
  EXPECT_EQ(problem("[\"\\n\xED\xA0\x80\"]"), "invalid_utf8");
  EXPECT_EQ(problem("[\"\\n\xC3\x28\"]"), "invalid_utf8");
  EXPECT_EQ(problem(R"(["\ud83d\ude00 \u00d7"])"), "");
}

TEST(JsonParse, NothingMayFollowTheValue) {
  EXPECT_EQ(problem("{} x"), "not_json");
  EXPECT_EQ(problem(std::string_view("{}\0x", 4)), "not_json");
  EXPECT_EQ(problem(std::string_view("{}\0", 3)), "not_json");
  EXPECT_EQ(problem("{} \n"), "");
  for (const char* text : {"", " ", "{", "nul", "{\"a\":}", "[1,]", "\xEF\xBB\xBF{}", "'a'", "NaN"})
    EXPECT_EQ(problem(text), "not_json") << text;
}

TEST(JsonParse, CountsAndLengthsAreBounded) {
  EXPECT_EQ(problem("[1,2,3]", {.values_max = 4}), "");
  EXPECT_EQ(problem("[1,2,3,4]", {.values_max = 4}), "too_many_values");
  EXPECT_EQ(problem(R"("abc")", {.string_bytes_max = 3}), "");
  EXPECT_EQ(problem(R"("abcd")", {.string_bytes_max = 3}), "string_too_long");
}

// Digests of this text are kept in databases: not a byte of it may change.
TEST(JsonWriter, SpellsEveryEscapeInOneWayForever) {
  std::string controls;
  for (char c = 0; c < 0x20; ++c) controls += c;
  EXPECT_EQ(
      Writer().string(controls).text(),
      R"("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f)"
      R"(\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f")");
  EXPECT_EQ(Writer().string("\"\\/<\x7f\xC3\xA9\xF0\x9F\x98\x80'").text(),
            "\"\\\"\\\\/<\x7f\xC3\xA9\xF0\x9F\x98\x80'\"");
}

TEST(JsonWriter, AnEscapeKeepsWhatIsBesideIt) {
  constexpr std::string_view kPieces[] = {
      "", "a", "\"", "\n", "\x1f", "long enough to leave the small string", "é"};
  for (const auto first : kPieces)
    for (const auto second : kPieces)
      for (const auto third : kPieces) {
        const auto text = std::string(first).append(second).append(third);
        const auto read = Document::parse(Writer().string(text).text());
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(read.value().root().string(), text);
      }
}

TEST(JsonWriter, WhatMustBeEscapedIsWhereverItStands) {
  for (std::size_t at = 0; at < 20; ++at)
    for (int c = 0; c < 256; ++c) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(c);
      const bool escaped = c < 0x20 || c == '"' || c == '\\';
      const std::string written = Writer().string(text).text();
      EXPECT_EQ(written == '"' + text + '"', !escaped) << at << ", " << c;
      EXPECT_EQ(written.substr(0, at + 1), '"' + text.substr(0, at)) << at << ", " << c;
      EXPECT_TRUE(written.ends_with(text.substr(at + 1) + '"')) << at << ", " << c;
    }
}

TEST(JsonWriter, SeparatesAndNests) {
  Writer out;
  out.begin_object().key("a\n").begin_array().integer(INT64_MIN).integer(INT64_MAX).null().boolean(false);
  out.begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .raw("1.50")
      .end_array()
      .key("")
      .string("")
      .end_object();
  EXPECT_EQ(out.text(), R"({"a\n":[-9223372036854775808,9223372036854775807,null,false,{},[],1.50],"":""})");
}

TEST(JsonCanonical, SortsMembersAndKeepsNumberText) {
  const auto parsed = Document::parse(R"({ "b" : 1.50, "a" : { "z":"\"\u0001é", "y":[] } })");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(canonical(parsed.value().root()), "{\"a\":{\"y\":[],\"z\":\"\\\"\\u0001é\"},\"b\":1.50}");
}

TEST(JsonIndented, IsTheWireFormAndKeepsTheOrder) {
  const auto parsed = Document::parse(R"({"b":[1.50,{"z":"é\u0001"}],"a":{},"l":[],"n":null})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(
      indented(parsed.value().root()),
      "{\n  \"b\": [\n    1.50,\n    {\n      \"z\": \"é\\u0001\"\n    }\n  ],\n  \"a\": {},\n  \"l\": [],\n"
      "  \"n\": null\n}");
}

std::string laid_out(std::string_view text) {
  const auto parsed = Document::parse(text);
  return parsed ? indented(parsed.value().root()) : "no JSON";
}

TEST(JsonIndented, EveryEventOfTheCorpusIsInIt) {
  const char* shared = std::getenv("PENSTOCK_SHARED_DIR");
  const std::filesystem::path folder =
      std::string(shared != nullptr ? shared : PENSTOCK_SOURCE_DIR "/../shared") + "/stripe_events";
  if (!std::filesystem::exists(folder)) {
    std::cerr << "THE CORPUS OF STRIPE EVENTS IS MISSING: " << folder << "\n";
    GTEST_SKIP();
  }
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name.starts_with('_')) continue;
    std::ifstream file(entry.path());
    const std::string body((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(laid_out(body), body) << name;
    ++checked;
  }
  EXPECT_GE(checked, 70);
}

TEST(JsonIndented, LaysOutWhatWasMinifiedEscapedOrIndentedOtherwise) {
  const std::string form =
      "{\n  \"id\": \"évt\",\n  \"none\": {},\n  \"list\": [\n    1,\n    [],\n    {\n      \"a\": null\n    "
      "}\n  ]\n}";
  EXPECT_EQ(laid_out(R"({"id":"évt","none":{},"list":[1,[],{"a":null}]})"), form);
  EXPECT_EQ(laid_out(R"({"id":"\u00e9vt","none":{},"list":[1,[],{"a":null}]})"), form);
  EXPECT_EQ(laid_out("{\t\"id\" : \"évt\", \"none\": { }, \"list\": [1, [ ], {\"a\": null}] }\r\n"), form);
  EXPECT_EQ(laid_out(form + "\n"), form);
  EXPECT_EQ(laid_out(R"("a\"\\\/\b\f\n\r\t\u0001b")"), R"("a\"\\/\b\f\n\r\t\u0001b")");
}

TEST(JsonMemberText, IsWhatStandsThere) {
  EXPECT_EQ(member_text(R"({"data":{"b":1.10,"a":[{}]}})", "data"), R"({"b":1.10,"a":[{}]})");
  EXPECT_EQ(member_text(" { \"x\" : {\"data\":1} , \"data\" :\t\"a\\u00fc}\"\n}", "data"), R"("a\u00fc}")");
  EXPECT_EQ(member_text(R"({"\u0064at\u0061":12e3})", "data"), "12e3");
  for (const char* without : {"", "[]", "{}", "null", R"({"x":{"data":1}})", R"({"data2":1})", R"("data")"})
    EXPECT_EQ(member_text(without, "data"), std::nullopt) << without;
}

TEST(JsonCodec, MapsAndOptionalsRoundTrip) {
  const std::map<std::string, std::optional<std::int64_t>> value{{"a", 1}, {"b", std::nullopt}};
  EXPECT_EQ(to_text(value), R"({"a":1,"b":null})");
  std::map<std::string, std::optional<std::int64_t>> back;
  const auto parsed = Document::parse(to_text(value));
  ASSERT_TRUE(parsed);
  ASSERT_TRUE(decode(parsed.value().root(), back));
  EXPECT_EQ(back, value);
}

}  // namespace
}  // namespace penstock::json
