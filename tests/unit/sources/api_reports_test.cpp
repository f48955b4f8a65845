#include "workers/sources/api/api.h"

#include <gmock/gmock.h>

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const EventKey kKey{"api/acme:r-1"};
const Timestamp kAt = *timestamp_from_unix_seconds(1000);
constexpr std::string_view kReport =
    R"({"reportable_id":"post-7","reportable_type":"Post","reason":"spam","description":"x"})";
const Headers kHeaders = {{"ce_id", "r-1"}, {"ps_principal", "user-1"}};

ReadEvent read(std::string_view body, const Headers& headers = kHeaders,
               std::string_view type = "report.created", std::string_view source = "api/acme") {
  return Sources({api_source()}).read({kKey, source, type, kAt, body, headers});
}

std::string refusal_of(const ReadEvent& read) { return read.facts ? "" : read.facts.error().detail; }

TEST(ApiReports, ReadsReports) {
  const auto event = read(kReport);
  ASSERT_TRUE(event.facts) << event.facts.error().detail;
  const auto& facts = std::get<ReportFacts>(event.facts.value());
  EXPECT_EQ(facts.id, "r-1");
  EXPECT_EQ(facts.said, (ReportAttributes{"post-7", "Post", "spam", "x", "user-1"}));
  EXPECT_EQ(facts.meta.created, kAt);
  EXPECT_EQ(facts.meta.org, "acme");
  EXPECT_EQ(event.entity, "r-1");
  const auto plain = read(R"({"reportable_id":"1","reportable_type":"t","reason":"r","description":null})");
  EXPECT_EQ(std::get<ReportFacts>(plain.facts.value()).said.description, std::nullopt);
}

TEST(ApiReports, WhatTheDoorWouldNotHaveTakenIsOfWrongShape) {
  EXPECT_THAT(refusal_of(read("no JSON")), StartsWith("not_json"));
  EXPECT_THAT(refusal_of(read("[]")), StartsWith("wrong_shape: report"));
  EXPECT_THAT(refusal_of(read(R"({"reportable_id":1,"reportable_type":"t","reason":"r"})")),
              HasSubstr("report.reportable_id"));
  EXPECT_THAT(refusal_of(read(R"({"reportable_id":"1","reportable_type":"t"})")), HasSubstr("report.reason"));
}

TEST(ApiReports, WhoseItIsAndWhoHasPostedItIsSaidByTheHeaders) {
  EXPECT_THAT(refusal_of(read(kReport, {{"ce_id", "r-1"}})), HasSubstr("ps_principal"));
  EXPECT_THAT(refusal_of(read(kReport, {{"ps_principal", "u"}})), HasSubstr("ce_id"));
  for (const char* source : {"api", "api/", "api/No Org"})
    EXPECT_THAT(refusal_of(read(kReport, kHeaders, "report.created", source)), HasSubstr("no org")) << source;
}

TEST(ApiReports, OtherTypesAreNobodys) {
  EXPECT_TRUE(std::holds_alternative<UnhandledFacts>(read(kReport, kHeaders, "report.closed").facts.value()));
}

}  // namespace
}  // namespace penstock
