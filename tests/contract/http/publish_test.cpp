// The route of events that orgs publish on the real server, before a log that answers when the test says so.
#include <gtest/gtest.h>

#include "common/core/uuid.h"
#include "common/json/value.h"
#include "common/registry/api_key.h"
#include "ingress/doors/events/events_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using registry::ApiKey;
using registry::Change;
using registry::State;
using std::chrono::milliseconds;

constexpr std::string_view kPath = "/v1/events";
constexpr std::string_view kBody = R"({"type": "reward.claimed", "data": {"points": 5}, "id": "claim-17"})";
constexpr std::size_t kDataBytesMax = 256 * 1024;

class PublishTest : public DoorTest {
 protected:
  PublishTest() : DoorTest(timestamp_from_unix_ms(1'753'463'561'123)) {
    serve(events_door(Catalogue::builtin(), table_));
    table_.replace({setting({"events:publish"})});
  }

  Change setting(std::vector<std::string> scopes) const {
    return {registry::make_key<ApiKey>(key_.id),
            State::there,
            {{1}, ApiKey{"o1", "rewards", std::move(scopes), key_.secret_hash}}};
  }
  std::string post(std::string_view body, const std::string& more_fields = {}) const {
    return http::post(kPath, body,
                      "Content-Type: application/json\r\nX-API-Key: " + key_.key + "\r\n" + more_fields);
  }
  static std::string with(std::string_view member) {
    return R"({"type": "reward.claimed", "data": {}, )" + std::string(member) + "}";
  }

  const registry::NewApiKey key_ = registry::make_api_key();
  registry::Table table_;
};

TEST_F(PublishTest, IsAppendedAsAnEventOfTheKeysOrgAndAnsweredWithItsId) {
  const auto accepted = accept(post(kBody));
  EXPECT_EQ(accepted.body, R"({"received":true,"id":"claim-17"})");
  const Record& record = accepted.record;
  EXPECT_EQ(record.topic, "outbound");
  EXPECT_EQ(record.key, "claim-17");
  EXPECT_EQ(record.value, kBody);
  const Headers expected = {{"ce_specversion", "1.0"},
                            {"ce_id", "claim-17"},
                            {"ce_type", "reward.claimed"},
                            {"ce_source", "events/o1"},
                            {"ce_time", "2025-07-25T17:12:41.123Z"},
                            {"content-type", "application/json"},
                            {"ps_receivedat", "2025-07-25T17:12:41.123Z"},
                            {"ps_apikey", key_.id}};
  EXPECT_EQ(record.headers, expected);
}

TEST_F(PublishTest, NoFieldOfTheRequestsHeadIsAHeaderOfTheEvent) {
  const auto record = accept(post(kBody,
                                  "ce_id: forged\r\nce-id: forged\r\nce_source: events/o2\r\nps_org: o2\r\n"
                                  "ce_time: 2001-01-01T00:00:00Z\r\nIdempotency-Key: forged\r\n"))
                          .record;
  EXPECT_EQ(record.headers.size(), 8U);
  EXPECT_EQ(find_header(record.headers, "ce_id"), "claim-17");
  EXPECT_EQ(find_header(record.headers, "ce_source"), "events/o1");
}

TEST_F(PublishTest, WithoutAnIdEachIsOneOfItsOwn) {
  std::string before;
  for (const std::string& body : {with(R"("id": null)"), with(R"("timestamp": null)")}) {
    const auto accepted = accept(post(body));
    const auto answer = json::Document::parse(accepted.body);
    ASSERT_TRUE(answer);
    const std::string id(answer.value().root()["id"].string().value_or(""));
    EXPECT_TRUE(is_uuid(id)) << id;
    EXPECT_EQ(find_header(accepted.record.headers, "ce_id"), id);
    EXPECT_NE(id, before);
    before = id;
  }
}

TEST_F(PublishTest, TheTimeGivenIsKeptAsThatInstant) {
  const std::pair<std::string, std::string> times[] = {
      {"2025-03-01T12:00:00Z", "2025-03-01T12:00:00Z"},
      {"2025-03-01T12:00:00.123999+02:00", "2025-03-01T10:00:00.123Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& [given, kept] : times) {
    const auto record = accept(post(with("\"timestamp\": \"" + given + "\""))).record;
    EXPECT_EQ(find_header(record.headers, "ce_time"), kept);
    EXPECT_EQ(find_header(record.headers, "ps_receivedat"), "2025-07-25T17:12:41.123Z");
  }
}

TEST_F(PublishTest, AnswersOnlyAfterTheLogHasIt) {
  RawClient client(server_->bound_address());
  client.send(post(kBody));
  auto held = log_.take();
  ASSERT_TRUE(held);
  EXPECT_EQ(client.answer(milliseconds{100}), "") << "not yet durable";
  held->done(Error{ErrorCode::timeout, ""});
  EXPECT_EQ(status_of(client.answer()), 503);
}

TEST_F(PublishTest, ABodyOfAnyOtherFormIsRefusedWithTheFieldNamed) {
  const std::pair<std::string, std::string> refused[] = {
      {"", "\"\":"},
      {"[]", "\"\":"},
      {R"({"type": "reward.claimed", "data": {"a": 1, "a": 2}})", "\"\":"},
      {R"({"type": "reward.claimed", "data": {"a": "\u0000"}})", "\"\":"},
      {"{\"type\": \"reward.claimed\", \"data\": {\"a\": \"\xff\"}}", "\"\":"},
      {R"({"type": "reward.claimed", "data": )" + std::string(200'000, '[') + "}", "\"\":"},
      {R"({"data": {}})", "\"/type\":"},
      {R"({"type": "reward.claimed"})", "\"/data\":"},
      {R"({"type": "reward.claimed", "data": null})", "\"/data\":"},
      {R"({"type": "reward.claimed", "data": []})", "\"/data\":"},
      {R"({"type": "reward.claimed", "data": "{}"})", "\"/data\":"},
      {with(R"("id": "")"), "\"/id\":"},
      {with(R"("id": 7)"), "\"/id\":"},
      {with(R"("id": "a/b")"), "\"/id\":"},
      {with("\"id\": \"" + std::string(129, 'x') + "\""), "\"/id\":"},
      {with(R"("id": "886313e1-3b8a-5372-9b90-0c9aee199e5d")"), "\"/id\":"},
      {with(R"("timestamp": "soon")"), "\"/timestamp\":"},
      {with(R"("timestamp": 1753463561)"), "\"/timestamp\":"},
      {with(R"("timestamp": "0001-01-01T00:00:00+01:00")"), "\"/timestamp\":"},
      {with(R"("org": "o2")"), "\"/org\":"},
  };
  for (const auto& [body, field] : refused) {
    const auto answer = ask(post(body));
    EXPECT_EQ(status_of(answer), 400) << body.substr(0, 100);
    EXPECT_NE(body_of(answer).find(field), std::string::npos) << body_of(answer);
  }
  EXPECT_EQ(accept(post(with("\"id\": \"" + std::string(128, 'x') + "\""))).record.key.size(), 128U);
  EXPECT_EQ(accept(post(with(R"("id": "919108f7-52d1-4320-9bac-f847db4148a8")"))).record.key.size(), 36U);
}

TEST_F(PublishTest, ATypeIsACategoryAndAName) {
  const auto of_type = [this](const std::string& type) {
    return post(R"({"data": {}, "type": ")" + type + "\"}");
  };
  for (const std::string type :
       {"user.created", "action.x", "challenge.week_1.won", "reward.0", "achievement.a.b.c", "referral._"})
    EXPECT_EQ(find_header(accept(of_type(type)).record.headers, "ce_type"), type);
  EXPECT_EQ(accept(of_type("reward." + std::string(121, 'x'))).record.topic, "outbound");
  for (const std::string& type :
       {std::string(), std::string("reward"), std::string("reward."), std::string("reward..x"),
        std::string("reward.x."), std::string(".reward.x"), std::string("Reward.x"), std::string("reward.X"),
        std::string("reward.a-b"), std::string("reward.*"), std::string("rewards.x"),
        std::string("payment.succeeded"), std::string("alert.raised"), std::string("reward.\xC3\xBC"),
        "reward." + std::string(122, 'x')}) {
    const auto answer = ask(of_type(type));
    EXPECT_EQ(status_of(answer), 400) << type;
    EXPECT_NE(body_of(answer).find("\"/type\":"), std::string::npos) << body_of(answer);
  }
}

TEST_F(PublishTest, DataIsOf256KibAtMost) {
  const auto of_size = [](std::size_t bytes, std::size_t spaces = 0) {
    return R"({"type": "reward.claimed", "data": {"t":")" + std::string(bytes - 8, 'x') + "\"}" +
           std::string(spaces, ' ') + "}";
  };
  EXPECT_EQ(accept(post(of_size(kDataBytesMax, 4000))).record.value.size(),
            of_size(kDataBytesMax, 4000).size());
  for (const auto& body : {of_size(kDataBytesMax + 1), of_size(kDataBytesMax, 5000)})
    EXPECT_EQ(status_of(ask(post(body))), 413);
}

TEST_F(PublishTest, OnlyAKeyOfTheScopeComesIn) {
  EXPECT_EQ(status_of(ask(http::post(kPath, kBody, "Content-Type: application/json\r\n"))), 401);
  table_.replace({setting({"reports:write", "payments:confirm", "webhooks:manage", "admin:read"})});
  EXPECT_EQ(status_of(ask(post(kBody))), 403);
  table_.replace({});
  EXPECT_EQ(status_of(ask(post(kBody))), 401);
}

}  // namespace
}  // namespace penstock
