#include "ingress/doors/events/published_record.h"

#include <gtest/gtest.h>

#include "tests/unit/signatures/heads.h"

namespace penstock {
namespace {

const Timestamp kNow = timestamp_from_unix_ms(1'753'463'561'123);
const Catalogue& catalogue() { return Catalogue::builtin(); }

std::variant<PublishedEvent, http::Response> read(std::string body) {
  http::Request request;
  request.head = fakes::head_of({{"Content-Type", "application/json"}}, body.size());
  request.body = std::move(body);
  return read_published(request, catalogue());
}

PublishedEvent event_of(const std::string& body) {
  auto answer = read(body);
  if (auto* event = std::get_if<PublishedEvent>(&answer)) return std::move(*event);
  ADD_FAILURE() << body;
  return {};
}

TEST(PublishedRecord, ReadsWhatIsThereAndMakesNothingUp) {
  const auto whole = event_of(
      R"({"type": "user.x", "id": "a:1", "data": {}, "timestamp": "2025-07-25T19:12:41.1239+02:00"})");
  EXPECT_EQ(whole.type, "user.x");
  EXPECT_EQ(whole.id, "a:1");
  EXPECT_EQ(whole.happened_at, kNow);
  const auto least = event_of(R"({"type": "user.x", "data": {}, "id": null, "timestamp": null})");
  EXPECT_EQ(least.id, std::nullopt);
  EXPECT_EQ(least.happened_at, std::nullopt);
}

// Blanks within and escapes count, what stands around it does not.
TEST(PublishedRecord, DataIsAsLargeAsItWasSent) {
  const std::pair<std::string, std::size_t> sizes[] = {
      {"{}", 2}, {"  {}\n ", 2}, {"{ \n }", 5}, {R"({"t":"\u00fc"})", 14}, {"{\"t\":\"\xC3\xBC\"}", 10}};
  for (const auto& [data, bytes] : sizes) {
    EXPECT_EQ(event_of(R"({"type":"user.x","data":)" + data + "}").data_bytes, bytes) << data;
    EXPECT_EQ(event_of(R"({"dat\u0061":)" + data + R"(,"type":"user.x"})").data_bytes, bytes) << data;
  }
}

TEST(PublishedRecord, NamesEveryFieldThatIsWrong) {
  auto answer = read(R"({"type": "user", "id": "a b", "timestamp": "now", "data": 1, "more": 1})");
  const auto* refusal = std::get_if<http::Response>(&answer);
  ASSERT_NE(refusal, nullptr);
  std::vector<std::string> fields;
  for (const auto& [field, why] : refusal->problem->fields) fields.push_back(field);
  EXPECT_EQ(fields, (std::vector<std::string>{"/type", "/id", "/timestamp", "/data", "/more"}));
}

TEST(PublishedRecord, SaysWhoseItIsAndWhenItHappened) {
  const PublishedEvent event{.type = "reward.claimed", .id = "a:1", .happened_at = Timestamp{}};
  const auto record = published_record(event, {"acme", "k1"}, "body", catalogue(), kNow);
  EXPECT_EQ(record.topic, "outbound");
  EXPECT_EQ(record.key, "a:1");
  EXPECT_EQ(record.value, "body");
  EXPECT_EQ(find_header(record.headers, "ce_source"), "events/acme");
  EXPECT_EQ(find_header(record.headers, "ce_id"), "a:1");
  EXPECT_EQ(find_header(record.headers, "ce_time"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(find_header(record.headers, "ps_receivedat"), "2025-07-25T17:12:41.123Z");
  EXPECT_EQ(find_header(record.headers, "ps_apikey"), "k1");
}

}  // namespace
}  // namespace penstock
