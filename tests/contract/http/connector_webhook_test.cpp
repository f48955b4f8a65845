// The connectors' route on the real server, before a log that answers when the test says so.
#include <gtest/gtest.h>

#include "common/crypto/crypto.h"
#include "common/json/value.h"
#include "common/workflows/decision.h"
#include "ingress/doors/connectors/connector_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using registry::Change;
using registry::Connector;
using registry::ConnectorKind;
using registry::State;
using registry::Workflow;
using registry::Workflows;

constexpr std::string_view kEvent =
    R"({"id":"evt_1","object":"event","type":"invoice.paid","created":1753463561,"livemode":true,
  "data":{"object":{"id":"in_1","customer":"cus_1"}}})";
const Position kPosition{"connectors", Partition{0}, Offset{7}};

class ConnectorWebhookTest : public DoorTest {
 protected:
  ConnectorWebhookTest() {
    waits_.replace({});
    settings_.replace(
        {connector("acme", {"of acme"}), connector("globex", {"of globex"}), workflows("acme")});
    serve(connector_door({}, Catalogue::builtin(), settings_, waits_));
  }

  static Change connector(std::string org, std::vector<std::string> secrets,
                          std::optional<std::string> url_secret = {}, bool enabled = true) {
    return {
        registry::make_key<Connector>(org),
        State::there,
        {{1},
         Connector{org, enabled, ConnectorKind::platform, std::move(secrets), std::move(url_secret), {}}}};
  }
  static Change workflows(const std::string& org) {
    const Workflow all{"all", true, {"invoice.*"}, {Step{EmitStep{"action.note"}, {}}}, {}, {}, {}};
    return {registry::make_key<Workflows>(org), State::there, {{1}, Workflows{org, {all}}}};
  }
  std::string signed_post(const std::string& path, std::string_view body, std::string_view secret) {
    const auto t =
        std::to_string(std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count());
    return http::post(path, body,
                      "Content-Type: application/json\r\nStripe-Signature: t=" + t +
                          ",v1=" + crypto::to_hex(crypto::hmac_sha256(secret, {t, ".", body})) + "\r\n");
  }
  std::string post_to(const std::string& org, std::string_view secret, const std::string& query = {},
                      std::string_view body = kEvent) {
    return signed_post("/v1/orgs/" + org + "/integrations/stripe" + query, body, secret);
  }
  // The body without its request id.
  static std::string refusal(const std::string& answer) {
    const std::string body(body_of(answer));
    return body.substr(0, body.find("\"request_id\""));
  }

  // The type of a 503's error.
  static std::string refused_for_now(const std::string& answer) {
    EXPECT_EQ(status_of(answer), 503);
    const auto body = json::Document::parse(body_of(answer));
    EXPECT_TRUE(body);
    return body ? std::string(body.value().root()["error"]["type"].string().value_or("")) : "";
  }

  registry::Table settings_;
  waits::Table waits_;
};

TEST_F(ConnectorWebhookTest, AnswersWhatWasDecidedWhenTheLogHasIt) {
  RawClient client(server_->bound_address());
  client.send(post_to("acme", "of acme"));
  auto held = log_.take();
  ASSERT_TRUE(held);
  EXPECT_EQ(client.answer(std::chrono::milliseconds{100}), "") << "not yet durable";
  held->done(kPosition);
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 200);
  const std::string run = run_id("acme", "evt_1", "all");
  EXPECT_EQ(body_of(answer), R"({"action":"triggered","eventId":"evt_1","runIds":[")" + run + R"("]})");
  EXPECT_EQ(held->record.topic, "connectors");
  EXPECT_EQ(held->record.value, kEvent);
  EXPECT_EQ(find_header(held->record.headers, "ce_source"), "org/acme");
  const auto decision = decode_decision(*find_header(held->record.headers, kDecisionHeader));
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision.value().run_ids(), std::vector{run});
}

TEST_F(ConnectorWebhookTest, IsNotAcceptedWithoutTheLog) {
  RawClient client(server_->bound_address());
  client.send(post_to("acme", "of acme"));
  auto held = log_.take();
  ASSERT_TRUE(held);
  held->done(Error{ErrorCode::timeout, ""});
  EXPECT_EQ(status_of(client.answer()), 503);
}

TEST_F(ConnectorWebhookTest, SkipsWithAReason) {
  EXPECT_EQ(accept(post_to("globex", "of globex")).body,
            R"({"action":"skipped","eventId":"evt_1","reason":"no_subscriber","runIds":[]})");
  settings_.apply({connector("acme", {"of acme"}, {}, false)});
  EXPECT_EQ(accept(post_to("acme", "of acme")).body,
            R"({"action":"skipped","eventId":"evt_1","reason":"connector_disabled","runIds":[]})");
}

TEST_F(ConnectorWebhookTest, WhatIsNoEventIsKeptAllTheSame) {
  for (const char* body : {"{}", "no JSON", R"({"id":7,"type":"x"})", R"({"id":"a"})",
                           R"({"id":"a","type":"b","object":"v2.core.event"})"}) {
    const auto [record, answer] = accept(post_to("acme", "of acme", {}, body));
    EXPECT_EQ(record.topic, "unrouted") << body;
    EXPECT_EQ(record.value, body);
    EXPECT_NE(answer.find(R"("action":"skipped")"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("reason":"no_event")"), std::string::npos) << answer;
  }
}

TEST_F(ConnectorWebhookTest, WhoeverIsNotLetInIsToldTheSame) {
  settings_.apply({connector("locked", {"of locked"}, "the url secret")});
  const auto bad_signature = ask(post_to("acme", "of nobody"));
  EXPECT_EQ(status_of(bad_signature), 401);
  for (const std::string& request :
       {post_to("nobody", "of acme"), post_to("ACME", "of acme"), post_to("acme", "of globex"),
        post_to("acme", "of acme", "?secret=x"), post_to("acme", "of acme", "?secret="),
        post_to("locked", "of locked", "?secret=the+url+secre"), post_to("locked", "of locked", "?secret="),
        post_to("locked", "of locked", "?secret=the+url+secret&secret=another"),
        post_to("locked", "of acme", "?secret=the+url+secret"),
        http::post("/v1/orgs/nobody/integrations/stripe", kEvent, "Content-Type: application/json\r\n"),
        http::post("/v1/orgs/acme/integrations/stripe", kEvent, "Content-Type: application/json\r\n")}) {
    const auto answer = ask(request);
    EXPECT_EQ(status_of(answer), 401) << request;
    EXPECT_EQ(refusal(answer), refusal(bad_signature)) << request;
  }
}

TEST_F(ConnectorWebhookTest, TheUrlsSecretHoldsWhereItIsGiven) {
  settings_.apply({connector("acme", {"of acme"}, "the url secret")});
  accept(post_to("acme", "of acme", "?secret=the%20url%20secret"));
  accept(post_to("acme", "of acme"));
  accept(post_to("acme", "of acme", "?other=parameter"));
}

TEST_F(ConnectorWebhookTest, EachOfTheOrgsSecretsSigns) {
  settings_.apply({connector("acme", {"old", "new"})});
  accept(post_to("acme", "old"));
  accept(post_to("acme", "new"));
}

TEST_F(ConnectorWebhookTest, AnOldSignatureIsRefused) {
  const auto request = post_to("acme", "of acme");
  clock_.advance(std::chrono::seconds{301});
  EXPECT_EQ(status_of(ask(request)), 401);
}

TEST_F(ConnectorWebhookTest, BeforeSettingsAndWaitsAreKnownNobodyIsTurnedAwayForGood) {
  const registry::Table no_settings;
  const waits::Table no_waits;
  settings_.apply({{registry::make_key<Connector>("closed"), State::unreadable, {}},
                   connector("half", {"of half"}),
                   {registry::make_key<Workflows>("half"), State::unreadable, {}}});
  Metrics metrics;
  Intake intake(IntakeOptions{}, log_, clock_, metrics);
  http::HttpServer unknowing(http::ServerOptions{},
                             intake.routes(connector_door({}, Catalogue::builtin(), no_settings, waits_)),
                             metrics);
  ASSERT_TRUE(unknowing.start());
  RawClient client(unknowing.bound_address());
  client.send(post_to("acme", "of acme"));
  EXPECT_EQ(refused_for_now(client.answer()), "settings_unavailable");
  unknowing.stop(std::chrono::seconds{5});
  EXPECT_EQ(refused_for_now(ask(post_to("closed", "of acme"))), "settings_unavailable");
  EXPECT_EQ(refused_for_now(ask(post_to("half", "of half"))), "settings_unavailable");

  Metrics more_metrics;
  Intake more_intake(IntakeOptions{}, log_, clock_, more_metrics);
  http::HttpServer unfilled(http::ServerOptions{},
                            more_intake.routes(connector_door({}, Catalogue::builtin(), settings_, no_waits)),
                            more_metrics);
  ASSERT_TRUE(unfilled.start());
  RawClient other(unfilled.bound_address());
  other.send(post_to("acme", "of acme"));
  const auto answer = other.answer();
  EXPECT_EQ(refused_for_now(answer), "waits_unavailable");
  EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
  other.send(post_to("acme", "of nobody"));
  EXPECT_EQ(status_of(other.answer()), 401) << "who may not come in learns nothing of that";
  unfilled.stop(std::chrono::seconds{5});
}

}  // namespace
}  // namespace penstock
