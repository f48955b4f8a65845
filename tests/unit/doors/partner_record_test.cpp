// What the partners' door finds in a body is what the strict parser finds in it.
#include "ingress/doors/partners/partner_record.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/json/value.h"

namespace penstock {
namespace {

const Timestamp kNow = timestamp_from_unix_ms(1'753'463'561'000);

std::string made_up(Timestamp) { return "made-up"; }

Record record_of(std::string body) {
  return partner_record({"acme", "o1"}, std::move(body), Catalogue::builtin(), kNow, &made_up);
}

std::string header(const Record& record, std::string_view name) {
  const auto found = std::find_if(record.headers.begin(), record.headers.end(),
                                  [&](const auto& each) { return each.first == name; });
  return found == record.headers.end() ? "(none)" : found->second;
}

struct Case {
  std::string body;
  std::string id, type, object;
};

TEST(PartnerRecord, FindsWhatTheStrictParserFinds) {
  const Case cases[] = {
      {R"({"id": "e-1", "type": "invoice.paid", "data": {"id": "in_1"}})", "e-1", "invoice.paid", "in_1"},
      {R"({"data":{"x":{"id":"no"},"id":"in_1","y":[{"id":"no"}]},"z":{"type":"no"},"type":"invoice.paid","id":"e-1"})",
       "e-1", "invoice.paid", "in_1"},
      {R"({"\u0069d": "e-1", "type": "invoice\u002epaid", "data": {"id": "\u00fc\ud83d\ude00\n\"\\"}})",
       "e-1", "invoice.paid", "ü😀\n\"\\"},
      {R"({"id": "ü 1", "type": "invoice.paid", "data": {"id": "in 1", "text": "]}\"{["}})", "ü 1",
       "invoice.paid", "in 1"},
      {" \r\n{\t\"id\" : \"e-1\" ,\"type\":\"user.created\",\"data\":{ } }\n", "e-1", "user.created", "e-1"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.body);
    const auto strict = json::Document::parse(each.body);
    ASSERT_TRUE(strict);
    EXPECT_EQ(strict.value().root()["id"].string(), each.id);
    const auto record = record_of(each.body);
    EXPECT_EQ(header(record, "ce_id"), each.id);
    EXPECT_EQ(header(record, "ce_type"), each.type);
    EXPECT_EQ(record.key, each.object);
    EXPECT_EQ(record.topic, "partners");
    EXPECT_EQ(record.value, each.body);
  }
}

TEST(PartnerRecord, WhatIsNoEventIsUnrouted) {
  const std::string too_long(256, 'x');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        std::string(R"({"id":"e-1"})"), std::string(R"({"id":"e-1","type":"invoice.paid")"),
        std::string(R"({"id":"e-1","type":"invoice.paid"} x)"),
        std::string(R"({"id":7,"type":"invoice.paid"})"), std::string(R"({"id":"","type":"invoice.paid"})"),
        std::string("{\"id\":\"\xff\",\"type\":\"invoice.paid\"}"),
        std::string(R"({"id":"\ud800","type":"invoice.paid"})"),
        std::string(R"({"id":"a\u0000b","type":"invoice.paid"})"),
        R"({"id":")" + too_long + R"(","type":"invoice.paid"})"}) {
    const auto record = record_of(body);
    EXPECT_EQ(record.topic, "unrouted") << body;
    EXPECT_EQ(record.value, body);
  }
}

TEST(PartnerRecord, ATimeIsSecondsOrRfc3339) {
  const auto time_of = [](const std::string& created) {
    return header(record_of(R"({"id":"e-1","type":"invoice.paid","created":)" + created + "}"), "ce_time");
  };
  EXPECT_EQ(time_of("1753463561"), "2025-07-25T17:12:41Z");
  EXPECT_EQ(time_of(R"("2025-07-25T17:12:41Z")"), "2025-07-25T17:12:41Z");
  for (const std::string none : {"null", "true", "17.5", R"("soon")", "{}", "[1]", "99999999999999999999"})
    EXPECT_EQ(time_of(none), "(none)") << none;
}

}  // namespace
}  // namespace penstock
