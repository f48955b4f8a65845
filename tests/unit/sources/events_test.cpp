#include "workers/sources/events/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using ::testing::StartsWith;

const EventKey kKey{"events/acme:claim-17"};
const Timestamp kAt = timestamp_from_unix_ms(1'700'000'000'123);

ReadEvent read(std::string_view body, std::string_view source = "events/acme") {
  return Sources({published_source()}).read({kKey, source, "reward.claimed", kAt, body, {}});
}

std::string data_of(std::string_view body) {
  const auto event = read(body);
  return event.facts ? std::get<PublishedFacts>(event.facts.value()).data : event.facts.error().detail;
}

TEST(PublishedSource, AnEventIsOfItsOrgOfTheTypePublishedAndOfTheTimeGiven) {
  const auto event = read(R"({"type": "user.deleted", "data": {"points": 5}, "id": "x", "timestamp": "x"})");
  ASSERT_TRUE(event.facts);
  const auto& facts = std::get<PublishedFacts>(event.facts.value());
  EXPECT_EQ(facts.meta.key, kKey);
  EXPECT_EQ(facts.meta.type, "reward.claimed") << "the door has judged ce_type";
  EXPECT_EQ(facts.meta.created, kAt);
  EXPECT_EQ(facts.meta.org, "acme");
  EXPECT_EQ(facts.data, R"({"points": 5})");
  const auto of_default = read(R"({"data": {}})", "events/default");
  EXPECT_EQ(std::get<PublishedFacts>(of_default.facts.value()).meta.org, std::nullopt);
}

TEST(PublishedSource, DataIsWhatWasSentByteForByte) {
  for (const std::string data :
       {"{}", "{ }", R"({"n":9007199254740993,"f":1.10,"e":1E+2,"z":-0})", "{\"b\":1,\n\t\"a\":2}",
        R"({"t":"\u00fc\/ü\ud83d\ude00}]\"","data":{"data":{}}})", R"({"":[[[{}]]]})"}) {
    EXPECT_EQ(data_of(R"({"type":"a.b","data":)" + data + "}"), data);
    EXPECT_EQ(data_of("{\"x\":[{\"data\":{\"no\":1}}], \"data\" :  " + data + "  ,\"y\":0}"), data);
    EXPECT_EQ(data_of(R"({"\u0064a\u0074a":)" + data + "}"), data);
  }
}

TEST(PublishedSource, WhatNoDoorOfOursWouldWriteIsNoEvent) {
  for (const char* body :
       {"", "[]", "{}", R"({"data": null})", R"({"data": [{}]})", R"({"data": "{}"})", R"({"data": {}} x)",
        R"({"data": {}, "data": {}})", R"({"data": {"a": 1, "a": 2}})", R"({"data": {"a": "\u0000"}})",
        "{\"data\": {\"a\": \"\xff\"}}"}) {
    const auto event = read(body);
    ASSERT_FALSE(event.facts) << body;
    EXPECT_EQ(event.facts.error().code, ErrorCode::invalid) << body;
  }
  for (const char* source : {"events", "events/", "events/Acme", "events/a/b"}) {
    const auto event = read(R"({"data": {}})", source);
    ASSERT_FALSE(event.facts) << source;
    EXPECT_THAT(event.facts.error().detail, StartsWith("wrong_shape: ")) << source;
  }
}

}  // namespace
}  // namespace penstock
