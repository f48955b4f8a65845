// The route of confirmations on the real server, before a log that answers when the test says so.
#include <gtest/gtest.h>

#include "common/core/uuid.h"
#include "common/registry/api_key.h"
#include "ingress/doors/confirmations/confirmations_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using registry::ApiKey;
using registry::Change;
using registry::State;
using std::chrono::milliseconds;

constexpr std::string_view kPath = "/v1/webhook/payment-succeeded";
constexpr std::string_view kBody = R"({"payment_id": "cs_1"})";

class ConfirmationsTest : public DoorTest {
 protected:
  ConfirmationsTest() {
    serve(confirmations_door(Catalogue::builtin(), table_));
    table_.replace({setting({"payments:confirm"})});
  }

  Change setting(std::vector<std::string> scopes) const {
    return {registry::make_key<ApiKey>(key_.id),
            State::there,
            {{1}, ApiKey{"o1", "billing", std::move(scopes), key_.secret_hash}}};
  }
  std::string post(std::string_view body, const std::string& more_fields = {}) const {
    return http::post(kPath, body,
                      "Content-Type: application/json\r\nX-API-Key: " + key_.key + "\r\n" + more_fields);
  }

  const registry::NewApiKey key_ = registry::make_api_key();
  registry::Table table_;
};

TEST_F(ConfirmationsTest, IsAppendedAsAnEventOfTheKeysOrg) {
  const Record record = accepted(post(kBody, "Idempotency-Key: order-17\r\n"));
  EXPECT_EQ(record.topic, "payments");
  EXPECT_EQ(record.key, "cs_1");
  EXPECT_EQ(record.value, kBody);
  EXPECT_EQ(find_header(record.headers, "ce_source"), "api/o1");
  EXPECT_EQ(find_header(record.headers, "ce_id"), "order-17");
  EXPECT_EQ(find_header(record.headers, "ce_type"), "payment.confirmed");
  EXPECT_EQ(find_header(record.headers, "ce_subject"), "cs_1");
  EXPECT_EQ(find_header(record.headers, "ps_apikey"), key_.id);
  for (const auto& [name, value] : record.headers) EXPECT_EQ(value.find(key_.key), std::string::npos) << name;
}

TEST_F(ConfirmationsTest, WithoutAnIdempotencyKeyEachIsOneOfItsOwn) {
  const auto id_of = [](const Record& record) {
    return std::string(find_header(record.headers, "ce_id").value_or(""));
  };
  const std::string first = id_of(accepted(post(kBody))), second = id_of(accepted(post(kBody)));
  EXPECT_TRUE(is_uuid(first)) << first;
  EXPECT_NE(first, second);
}

TEST_F(ConfirmationsTest, AnswersOnlyAfterTheLogHasIt) {
  RawClient client(server_->bound_address());
  client.send(post(kBody));
  auto held = log_.take();
  ASSERT_TRUE(held);
  EXPECT_EQ(client.answer(milliseconds{100}), "") << "not yet durable";
  held->done(Error{ErrorCode::timeout, ""});
  EXPECT_EQ(status_of(client.answer()), 503);
}

TEST_F(ConfirmationsTest, ABodyOfAnyOtherFormIsRefusedWithTheFieldNamed) {
  const std::pair<std::string, std::string> refused[] = {
      {"", "\"\":"},
      {"no JSON", "\"\":"},
      {R"(["cs_1"])", "\"\":"},
      {"{}", "\"/payment_id\":"},
      {R"({"payment_id": null})", "\"/payment_id\":"},
      {R"({"payment_id": 7})", "\"/payment_id\":"},
      {R"({"payment_id": ""})", "\"/payment_id\":"},
      {R"({"payment_id": "cs_"})", "\"/payment_id\":"},
      {R"({"payment_id": "ch_1"})", "\"/payment_id\":"},
      {R"({"payment_id": "cs_1:x"})", "\"/payment_id\":"},
      {R"({"payment_id": "cs_1\u0000"})", "\"/payment_id\":"},
      {"{\"payment_id\": \"cs_" + std::string(253, 'x') + "\"}", "\"/payment_id\":"},
      {R"({"payment_id": "cs_1", "amount": 5})", "\"/amount\":"},
  };
  for (const auto& [body, field] : refused) {
    const auto answer = ask(post(body));
    EXPECT_EQ(status_of(answer), 400) << body;
    EXPECT_NE(body_of(answer).find(field), std::string::npos) << body << "\n" << body_of(answer);
  }
  EXPECT_EQ(accepted(post("{\"payment_id\": \"pi_" + std::string(252, 'x') + "\"}")).key.size(), 255u);
}

TEST_F(ConfirmationsTest, ALargeBodyAndABadIdempotencyKeyAreRefusedByTheHead) {
  EXPECT_EQ(status_of(ask(post(std::string(4097, ' ')))), 413);
  EXPECT_EQ(status_of(ask(post(kBody, "Idempotency-Key: two words\r\n"))), 400);
  EXPECT_EQ(status_of(ask(post(kBody, "Idempotency-Key: a\r\nIdempotency-Key: a\r\n"))), 400);
}

TEST_F(ConfirmationsTest, OnlyAKeyOfTheScopeComesIn) {
  EXPECT_EQ(status_of(ask(http::post(kPath, kBody, "Content-Type: application/json\r\n"))), 401);
  table_.replace({setting({"reports:write", "admin:read"})});
  EXPECT_EQ(status_of(ask(post(kBody))), 403);
  table_.replace({});
  EXPECT_EQ(status_of(ask(post(kBody))), 401);
}

}  // namespace
}  // namespace penstock
