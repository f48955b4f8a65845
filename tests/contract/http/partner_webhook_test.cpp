// The partners' route on the real server, before a log that answers when the test says so.
#include <gtest/gtest.h>

#include "common/crypto/crypto.h"
#include "ingress/doors/partners/partner_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using registry::Change;
using registry::Partner;
using registry::State;
using std::chrono::milliseconds;

constexpr std::string_view kEvent = R"({"id":"e-17","type":"invoice.paid","created":"2025-07-25T17:12:41Z",
  "data":{"id":"inv_1","amount":100,"currency":"usd"}})";
const Position kPosition{"partners", Partition{0}, Offset{7}};

std::string post_to(std::string_view partner, std::string_view body, std::string_view secret) {
  return http::post("/v1/webhooks/partners/" + std::string(partner), body,
                    "Content-Type: application/json\r\nX-Signature: " +
                        crypto::to_hex(crypto::hmac_sha256(secret, {body})) + "\r\n");
}

class PartnerWebhookTest : public DoorTest {
 protected:
  PartnerWebhookTest() { serve(partner_door({}, Catalogue::builtin(), table_)); }

  static Change setting(std::string name, Partner partner) {
    return {registry::make_key<Partner>(name), State::there, {{1}, std::move(partner)}};
  }
  static Partner of(std::string org, std::vector<std::string> secrets, bool enabled = true) {
    return {std::move(org), enabled, "x-signature", std::move(secrets)};
  }

  registry::Table table_;
};

TEST_F(PartnerWebhookTest, ASignedEventIsAppendedAsThePartnersOwn) {
  table_.replace({setting("acme", of("o1", {"secret"}))});
  const Record record = accepted(post_to("acme", kEvent, "secret"));
  EXPECT_EQ(record.value, kEvent);
  EXPECT_EQ(find_header(record.headers, "ce_source"), "partner/acme");
  EXPECT_EQ(find_header(record.headers, "ce_id"), "e-17");
  EXPECT_EQ(find_header(record.headers, "ce_type"), "invoice.paid");
  EXPECT_EQ(find_header(record.headers, "ce_time"), "2025-07-25T17:12:41Z");
  EXPECT_EQ(find_header(record.headers, "ps_org"), "o1");
  EXPECT_EQ(record.key, "inv_1");
}

TEST_F(PartnerWebhookTest, AnswersOnlyAfterTheLogHasIt) {
  table_.replace({setting("acme", of("o1", {"secret"}))});
  RawClient client(server_->bound_address());
  client.send(post_to("acme", kEvent, "secret"));
  auto held = log_.take();
  ASSERT_TRUE(held);
  EXPECT_EQ(client.answer(milliseconds{100}), "") << "not yet durable";
  held->done(Error{ErrorCode::timeout, ""});
  EXPECT_EQ(status_of(client.answer()), 503);
}

TEST_F(PartnerWebhookTest, EachOfThePartnersSecretsSigns) {
  table_.replace({setting("acme", of("o1", {"old", "new"}))});
  accepted(post_to("acme", kEvent, "old"));
  accepted(post_to("acme", kEvent, "new"));
  EXPECT_EQ(status_of(ask(post_to("acme", kEvent, "neither"))), 401);
}

TEST_F(PartnerWebhookTest, AnotherPartnersSecretNeverSigns) {
  table_.replace({setting("acme", of("o1", {"of acme"})), setting("other", of("o2", {"of other"}))});
  EXPECT_EQ(status_of(ask(post_to("acme", kEvent, "of other"))), 401);
  EXPECT_EQ(status_of(ask(post_to("other", kEvent, "of acme"))), 401);
}

TEST_F(PartnerWebhookTest, WhoIsNotKnownIsNotFound) {
  table_.replace({setting("acme", of("o1", {"secret"}))});
  for (const char* name : {"nobody", "ACME", "acme%20", "acme%2f"})
    EXPECT_EQ(status_of(ask(post_to(name, kEvent, "secret"))), 404) << name;
  EXPECT_EQ(status_of(ask(
                http::post("/v1/webhooks/partners/nobody", kEvent, "Content-Type: application/json\r\n"))),
            404);
}

TEST_F(PartnerWebhookTest, ADisabledOneIsForbiddenToItselfAndUnknownToOthers) {
  table_.replace({setting("acme", of("o1", {"secret"}, false))});
  EXPECT_EQ(status_of(ask(post_to("acme", kEvent, "secret"))), 403);
  EXPECT_EQ(status_of(ask(post_to("acme", kEvent, "wrong"))), 404);
  EXPECT_EQ(
      status_of(ask(http::post("/v1/webhooks/partners/acme", kEvent, "Content-Type: application/json\r\n"))),
      404);
}

TEST_F(PartnerWebhookTest, BeforeTheSettingsAreKnownNobodyIsTurnedAwayForGood) {
  const auto answer = ask(post_to("acme", kEvent, "secret"));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
  table_.replace({{registry::make_key<Partner>("acme"), State::unreadable, {}}});
  EXPECT_EQ(status_of(ask(post_to("acme", kEvent, "secret"))), 503);
}

TEST_F(PartnerWebhookTest, AChangeHoldsFromTheNextRequestOn) {
  table_.replace({setting("acme", of("o1", {"old"}))});
  RawClient client(server_->bound_address());
  client.send(post_to("acme", kEvent, "wrong"));
  EXPECT_EQ(status_of(client.answer()), 401);
  table_.apply({setting("acme", of("o1", {"new"}))});
  accepted(post_to("acme", kEvent, "new"));
  EXPECT_EQ(status_of(ask(post_to("acme", kEvent, "old"))), 401);
}

TEST_F(PartnerWebhookTest, WhatIsNoEventIsKeptAllTheSame) {
  table_.replace({setting("acme", of("o1", {"secret"}))});
  for (const char* body :
       {"{}", "no JSON", R"({"id":7,"type":"x"})", R"({"id":"a"})", R"({"type":"invoice.paid"})"}) {
    const Record record = accepted(post_to("acme", body, "secret"));
    EXPECT_EQ(record.topic, "unrouted") << body;
    EXPECT_EQ(record.value, body);
    EXPECT_FALSE(find_header(record.headers, "ce_id")->empty()) << body;
  }
}

}  // namespace
}  // namespace penstock
