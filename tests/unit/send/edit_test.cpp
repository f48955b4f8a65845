#include "deploy/standalone/send/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::send {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kDocument = R"({"b":{"x":1,"a/b":2,"m~n":3},"a":[10,{"y":20}],"":4,"s":"text"})";

std::string compact(const json::Document& document) { return json::canonical(document.root()); }

Result<json::Document> changed(std::string_view document, std::string_view argument) {
  TRY(const auto parsed, json::Document::parse(document));
  TRY(const auto change, parse_change(argument));
  return apply(parsed, change);
}

// The value that the pointer leads to afterwards.
std::string after(std::string_view document, std::string_view argument) {
  const auto done = changed(document, argument);
  return done ? compact(done.value()) : done.error().detail;
}

TEST(SetChange, ReplacesWhatThePointerNames) {
  EXPECT_EQ(after(R"({"a":{"b":1},"c":2})", "/a/b=5"), R"({"a":{"b":5},"c":2})");
  EXPECT_EQ(after(R"({"a":[1,2,3]})", "/a/1=true"), R"({"a":[1,true,3]})");
  EXPECT_EQ(after(R"({"a":[{"b":1}]})", "/a/0/b=null"), R"({"a":[{"b":null}]})");
  EXPECT_EQ(after(R"({"a":1})", R"(={"b":2})"), R"({"b":2})");
}

// RFC 6901 §5: the names of members with a slash, a tilde, or nothing in them.
TEST(SetChange, ReadsPointersAsTheirRfcDoes) {
  EXPECT_THAT(after(kDocument, "/b/a~1b=9"), HasSubstr(R"("a/b":9)"));
  EXPECT_THAT(after(kDocument, "/b/m~0n=9"), HasSubstr(R"("m~n":9)"));
  EXPECT_THAT(after(kDocument, "/=9"), HasSubstr(R"("":9)"));
  EXPECT_THAT(after(kDocument, "/a/1/y=9"), HasSubstr(R"("y":9)"));
}

TEST(SetChange, AMissingMemberIsAddedToItsObject) {
  EXPECT_EQ(after(R"({"a":{}})", "/a/b=x"), R"({"a":{"b":"x"}})");
  const auto done = changed(R"({"z":1,"a":2})", "/m=3");
  ASSERT_TRUE(done);
  EXPECT_EQ(json::indented(done.value().root()), "{\n  \"z\": 1,\n  \"a\": 2,\n  \"m\": 3\n}");
}

TEST(SetChange, WhatLeadsNowhereIsAnErrorThatNamesThePointer) {
  for (const std::string pointer : {"/nothing/x", "/s/x", "/a/2", "/a/-", "/a/01", "/a/x", "/b/x/y"})
    EXPECT_THAT(after(kDocument, pointer + "=1"), AllOf(HasSubstr(pointer + ": "), HasSubstr("there is no")))
        << pointer;
  for (const std::string pointer : {"a", "b/x", "/b/m~n", "/b/~", "/b/~2"})
    EXPECT_THAT(after(kDocument, pointer + "=1"), HasSubstr(pointer + ": is no JSON pointer")) << pointer;
  EXPECT_THAT(after(kDocument, "/b/x"), HasSubstr("is not POINTER=VALUE"));
}

TEST(SetChange, AValueIsJsonWhereItParsesElseAString) {
  const std::pair<std::string, std::string> values[] = {
      {"5", "5"},       {"\"5\"", "\"5\""},         {"user_1", "\"user_1\""},
      {"", "\"\""},     {"a=b", "\"a=b\""},         {"{\"x\":[]}", "{\"x\":[]}"},
      {"01", "\"01\""}, {"a\"b\n", "\"a\\\"b\\n\""}};
  for (const auto& [value, json] : values)
    EXPECT_EQ(after("{}", "/v=" + value), "{\"v\":" + json + "}") << value;
  EXPECT_THAT(after("{}", "/v=\xFF"), HasSubstr("UTF-8"));
}

TEST(NewIds, CustomersAndAccountsStay) {
  const std::string text = R"({"account":"acct_1","customer":"cus_1","product":"prod_1"})";
  EXPECT_EQ(compact(with_new_ids(json::Document::parse(text).value(), "x9")), text);
}

TEST(NewIds, AnEventsOwnIdIsMadeAnewHoweverItLooks) {
  const auto parsed = json::Document::parse(R"({"id":"e-17","data":{"id":"u-1","about":"e-17"}})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(compact(with_new_ids(parsed.value(), "x9")),
            R"({"data":{"about":"e-17x9","id":"u-1"},"id":"e-17x9"})");
  const std::string nameless = R"({"id":"","text":""})";
  EXPECT_EQ(compact(with_new_ids(json::Document::parse(nameless).value(), "x9")), nameless);
}

TEST(NewIds, AreAnotherAndStillBelongTogether) {
  const auto parsed = json::Document::parse(
      R"({"id":"evt_1","data":{"object":{"id":"cs_test_a1","payment_intent":"pi_2","customer":"cus_3",)"
      R"("status":"in_transit","state":"in_progress","list":["pi_2","sub_4"],"text":"pi_2 was paid"}}})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(
      compact(with_new_ids(parsed.value(), "x9")),
      R"({"data":{"object":{"customer":"cus_3","id":"cs_test_a1x9","list":["pi_2x9","sub_4x9"],)"
      R"("payment_intent":"pi_2x9","state":"in_progress","status":"in_transit","text":"pi_2 was paid"}},)"
      R"("id":"evt_1x9"})");
}

}  // namespace
}  // namespace penstock::send
