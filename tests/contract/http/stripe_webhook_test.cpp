// The Stripe route on the real server, before a log that answers when the test says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "common/crypto/crypto.h"
#include "common/http/probes/probes.h"
#include "ingress/doors/stripe/stripe_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;

constexpr const char* kSecret = "whsec_test";
constexpr std::string_view kEvent =
    R"({"id":"evt_1","object":"event","type":"payout.paid","data":{"object":{"id":"po_1"}}})";

constexpr std::int64_t kNow = 1'700'000'000;

std::string signature_of(std::string_view body, std::string_view secret = kSecret, std::int64_t at = kNow) {
  const auto t = std::to_string(at);
  return "t=" + t + ",v1=" + crypto::to_hex(crypto::HmacSha256(secret).mac({t, ".", body}));
}

std::string post_with(std::string_view body, const std::string& signature,
                      std::string_view path = "/v1/webhook/stripe") {
  return http::post(
      path, body, "Content-Type: application/json; charset=utf-8\r\nStripe-Signature: " + signature + "\r\n");
}

std::string signed_post(std::string_view path, std::string_view body, std::string_view secret = kSecret) {
  return post_with(body, signature_of(body, secret), path);
}

std::string head_of(const std::string& request) { return request.substr(0, request.find("\r\n\r\n") + 4); }

const Position kPosition{"payouts", Partition{0}, Offset{7}};

class StripeWebhookTest : public DoorTest {
 protected:
  StripeWebhookTest() : DoorTest(timestamp_from_unix_ms(kNow * 1'000)) {}

  void serve(Milliseconds ack_deadline = std::chrono::seconds{5}) {
    intake_.emplace(IntakeOptions{.log = {.answer_deadline = ack_deadline}}, log_, clock_, metrics_);
    probes_.emplace(ProbeOptions{}, readiness_, metrics_);
    DoorTest::serve(stripe_door({.secrets = {"whsec_other", kSecret}}, Catalogue::builtin()),
                    probes_->routes());
  }

  Readiness readiness_{{}};
  std::optional<Probes> probes_;
};

TEST_F(StripeWebhookTest, AnswersOnlyAfterTheLogHasIt) {
  serve();
  for (const char* path : {"/v1/webhook/stripe", "/api/webhooks/stripe"}) {
    RawClient client(server_->bound_address());
    client.send(signed_post(path, kEvent));
    auto held = log_.take();
    ASSERT_TRUE(held);
    EXPECT_EQ(held->record.value, kEvent);
    EXPECT_EQ(held->record.topic, "payouts");
    EXPECT_EQ(held->record.key, "po_1");
    EXPECT_EQ(client.answer(milliseconds{100}), "") << "not yet durable";
    held->done(kPosition);
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), "{\"received\": true}");
  }
}

TEST_F(StripeWebhookTest, AnswersFromTheLogsOwnThreads) {
  serve();
  std::atomic<bool> over{false};
  std::thread log_thread([&] {
    while (!over)
      if (auto held = log_.take()) held->done(kPosition);
  });
  std::vector<std::thread> senders;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    senders.emplace_back([&] {
      RawClient client(server_->bound_address());
      for (int i = 0; i < 200; ++i) {
        client.send(signed_post("/v1/webhook/stripe", kEvent));
        if (status_of(client.answer()) != 200) ++wrong;
      }
    });
  for (auto& sender : senders) sender.join();
  over = true;
  ask(signed_post("/v1/webhook/stripe", kEvent));  // wakes the log's thread up
  log_thread.join();
  EXPECT_EQ(wrong, 0);
}

// As when a program ends and the log could not be flushed.
TEST_F(StripeWebhookTest, TheLogMayAnswerWhenEverythingElseIsGone) {
  serve();
  for (int i = 0; i < 2; ++i) {
    RawClient client(server_->bound_address());
    client.send(signed_post("/v1/webhook/stripe", kEvent));
    ASSERT_TRUE(log_.wait_for_appends(static_cast<std::size_t>(i) + 1));
  }
  server_->stop(milliseconds{0});
  server_.reset();
  probes_.reset();
  intake_.reset();
  log_.take()->done(kPosition);
  log_.take()->done(Error{ErrorCode::timeout, "no acknowledgement"});
  EXPECT_NE(metrics_.exposition().find("penstock_ingress_ack_seconds_count 1"), std::string::npos);
  EXPECT_NE(metrics_.exposition().find("penstock_log_append_errors_total{code=\"timeout\"} 1"),
            std::string::npos);
}

TEST_F(StripeWebhookTest, AWrongSignatureReachesNothing) {
  serve();
  for (const auto& request :
       {signed_post("/v1/webhook/stripe", kEvent, "whsec_wrong"),
        signed_post("/v1/webhook/stripe", kEvent, ""),
        http::post("/v1/webhook/stripe", kEvent, "Content-Type: application/json\r\n")}) {
    const auto answer = ask(request);
    EXPECT_EQ(status_of(answer), 401);
    EXPECT_NE(body_of(answer).find("\"type\":\"signature_invalid\""), std::string_view::npos);
    EXPECT_EQ(body_of(answer).find("mismatch"), std::string_view::npos)
        << "the reason is not the caller's business";
  }
  EXPECT_EQ(log_.waiting(), 0U);
  EXPECT_NE(metrics_.exposition().find(
                "penstock_ingress_refused_total{door=\"stripe\",reason=\"signature_mismatch\"} 2"),
            std::string::npos);
  EXPECT_NE(metrics_.exposition().find(
                "penstock_ingress_refused_total{door=\"stripe\",reason=\"header_missing\"} 1"),
            std::string::npos);
}

TEST_F(StripeWebhookTest, AHeaderThatCannotBeRightIsRefusedBeforeTheBody) {
  serve();
  const std::string body(500'000, ' ');
  const auto unsigned_head =
      head_of(http::post("/v1/webhook/stripe", body, "Content-Type: application/json\r\n"));
  for (const auto& head :
       {unsigned_head, head_of(post_with(body, "nonsense")),
        head_of(post_with(body, signature_of(body) + ",v1")), head_of(post_with(body, "t=1700000000,v1=00")),
        head_of(post_with(body, signature_of(body, kSecret, kNow - 301))),
        head_of(post_with(body, signature_of(body, kSecret, kNow + 301)))}) {
    RawClient client(server_->bound_address());
    client.send(head);
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), 401) << head << answer;
    EXPECT_NE(body_of(answer).find("\"type\":\"signature_invalid\""), std::string_view::npos);
    client.end_of_requests();
    EXPECT_EQ(client.rest(), "");
  }
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(StripeWebhookTest, NoBodyIsAskedForUnderAHeaderThatCannotBeRight) {
  serve();
  RawClient client(server_->bound_address());
  client.send(
      "POST /v1/webhook/stripe HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: "
      "100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 401);
}

TEST_F(StripeWebhookTest, ABodyThatComesSlowlyDoesNotMakeItsSignatureStale) {
  serve();
  RawClient client(server_->bound_address());
  client.send(
      "POST /v1/webhook/stripe HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nStripe-Signature: " +
      signature_of(kEvent, kSecret, kNow - 299) +
      "\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(kEvent.size()) + "\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 100) << "the head has been judged";
  clock_.advance(std::chrono::hours{1});
  client.send(kEvent);
  auto held = log_.take();
  ASSERT_TRUE(held);
  held->done(kPosition);
  EXPECT_EQ(status_of(client.answer()), 200);
}

TEST_F(StripeWebhookTest, TheLogSaysWhatIsWrongAndTheCallerIsNotTold) {
  serve();
  const std::string sent = "{\n  \"id\": \"evt_1\"\n}";
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {http::post("/v1/webhook/stripe", sent, "Content-Type: application/json\r\n"), "no such header"},
      {post_with(sent, "t=1700000000"), "malformed header"},
      {post_with(sent, signature_of(sent, kSecret, kNow - 412)), "clock off by 412 s"},
      {post_with(sent, signature_of(sent, "whsec_theirs")), "wrong secret"},
      {post_with("{\"id\":\"evt_1\"}", signature_of(sent)), "body re-serialised"}};
  testing::internal::CaptureStderr();
  std::vector<std::string> bodies;
  for (const auto& [request, why] : refusals) bodies.emplace_back(body_of(ask(request)));
  const auto said = testing::internal::GetCapturedStderr();
  for (const auto& [request, why] : refusals)
    EXPECT_NE(said.find(why), std::string::npos) << why << "\n" << said;
  for (const auto& body : bodies)
    EXPECT_EQ(body.substr(0, body.find("request_id")), bodies[0].substr(0, bodies[0].find("request_id")));
}

TEST_F(StripeWebhookTest, AFloodOfRefusalsFillsNoLog) {
  serve();
  testing::internal::CaptureStderr();
  RawClient client(server_->bound_address());
  const auto forged = signed_post("/v1/webhook/stripe", kEvent, "whsec_wrong");
  for (int i = 0; i < 50; ++i) {
    client.send(forged);
    EXPECT_EQ(status_of(client.answer()), 401);
  }
  clock_.advance(std::chrono::seconds{1});
  client.send(forged);
  EXPECT_EQ(status_of(client.answer()), 401);
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 12) << said;
  EXPECT_NE(said.find("count=40"), std::string::npos) << said;
}

TEST_F(StripeWebhookTest, WhatVerifiesIsTakenWhateverItSays) {
  serve();
  for (const std::string& body :
       {std::string("not json"), std::string(), std::string(10'000, '['),
        std::string("{\"id\":\"a\0b\"}", 12), std::string(R"({"id":"evt_1","id":"evt_2","type":7})"),
        std::string("\xff\xfe")}) {
    RawClient client(server_->bound_address());
    client.send(signed_post("/v1/webhook/stripe", body));
    auto held = log_.take();
    ASSERT_TRUE(held);
    EXPECT_EQ(held->record.value, body);
    EXPECT_EQ(held->record.topic, "unrouted");
    held->done(kPosition);
    EXPECT_EQ(status_of(client.answer()), 200);
  }
}

TEST_F(StripeWebhookTest, ALogThatRefusesIs503) {
  serve();
  log_.refuse_with(Error{ErrorCode::overloaded, "full"});
  const auto answer = ask(signed_post("/v1/webhook/stripe", kEvent));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_NE(answer.find("\r\nRetry-After: 5\r\n"), std::string::npos);
  EXPECT_NE(body_of(answer).find("\"type\":\"log_unavailable\""), std::string_view::npos);
  EXPECT_NE(metrics_.exposition().find("penstock_log_append_errors_total{code=\"overloaded\"} 1"),
            std::string::npos);
}

TEST_F(StripeWebhookTest, ALogThatFailsIs503) {
  serve();
  RawClient client(server_->bound_address());
  client.send(signed_post("/v1/webhook/stripe", kEvent));
  auto held = log_.take();
  ASSERT_TRUE(held);
  held->done(Error{ErrorCode::timeout, "no acknowledgement"});
  EXPECT_EQ(status_of(client.answer()), 503);
}

TEST_F(StripeWebhookTest, WhileTheLogIsAwayEventsAreRefusedAtOnce) {
  serve(std::chrono::seconds{60});
  RawClient first(server_->bound_address());
  first.send(signed_post("/v1/webhook/stripe", kEvent));
  auto lost = log_.take();
  ASSERT_TRUE(lost);
  lost->done(Error{ErrorCode::timeout, "no acknowledgement"});
  EXPECT_EQ(status_of(first.answer()), 503);

  RawClient probe(server_->bound_address());
  probe.send(signed_post("/v1/webhook/stripe", kEvent));
  auto probing = log_.take();
  ASSERT_TRUE(probing);
  for (int i = 0; i < 20; ++i) {
    const auto answer = ask(signed_post("/v1/webhook/stripe", kEvent));
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("\r\nRetry-After: 5\r\n"), std::string::npos);
    EXPECT_NE(body_of(answer).find("\"type\":\"log_unavailable\""), std::string_view::npos);
  }
  EXPECT_EQ(status_of(ask(signed_post("/v1/webhook/stripe", kEvent, "whsec_wrong"))), 401);
  EXPECT_EQ(log_.waiting(), 0U) << "none of them waited for the log";
  EXPECT_NE(metrics_.exposition().find("penstock_ingress_log_away 1"), std::string::npos);

  clock_.advance(milliseconds{250});
  EXPECT_EQ(status_of(probe.answer()), 503) << "the one that finds out is not kept for long either";

  probing->done(kPosition);
  for (int i = 0; i < 3; ++i) {
    RawClient client(server_->bound_address());
    client.send(signed_post("/v1/webhook/stripe", kEvent));
    auto held = log_.take();
    ASSERT_TRUE(held);
    held->done(kPosition);
    EXPECT_EQ(status_of(client.answer()), 200);
  }
}

TEST_F(StripeWebhookTest, TheEventThatFindsTheLogBackIsAnsweredLikeAnyOther) {
  serve();
  RawClient client(server_->bound_address());
  client.send(signed_post("/v1/webhook/stripe", kEvent));
  auto lost = log_.take();
  ASSERT_TRUE(lost);
  lost->done(Error{ErrorCode::unavailable, "no broker"});
  EXPECT_EQ(status_of(client.answer()), 503);
  client.send(signed_post("/v1/webhook/stripe", kEvent));
  auto found = log_.take();
  ASSERT_TRUE(found);
  found->done(kPosition);
  EXPECT_EQ(status_of(client.answer()), 200);
}

TEST_F(StripeWebhookTest, ALogThatIsTooSlowIs503AndItsLateAnswerIsDropped) {
  serve(std::chrono::seconds{60});
  RawClient client(server_->bound_address());
  client.send(signed_post("/v1/webhook/stripe", kEvent));
  auto late = log_.take();
  ASSERT_TRUE(late);
  clock_.advance(std::chrono::seconds{60});
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_NE(answer.find("\r\nRetry-After: 5\r\n"), std::string::npos);
  late->done(kPosition);
  client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.answer()), "{\"status\":\"ok\"}");
}

TEST_F(StripeWebhookTest, OnlyJsonOfKnownLengthIsRead) {
  serve();
  EXPECT_EQ(status_of(ask(http::post("/v1/webhook/stripe", kEvent, "Content-Type: text/plain\r\n"))), 415);
  EXPECT_EQ(
      status_of(ask("POST /v1/webhook/stripe HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n")),
      411);
  EXPECT_EQ(status_of(ask("GET /v1/webhook/stripe HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
}

TEST_F(StripeWebhookTest, StopWaitsForTheLog) {
  serve();
  RawClient client(server_->bound_address());
  client.send(signed_post("/v1/webhook/stripe", kEvent));
  auto held = log_.take();
  ASSERT_TRUE(held);
  std::thread stopper([this] { server_->stop(std::chrono::seconds{10}); });
  EXPECT_EQ(client.answer(milliseconds{50}), "");
  held->done(kPosition);
  const auto all = client.rest();
  ASSERT_TRUE(all);
  EXPECT_EQ(status_of(*all), 200);
  stopper.join();
}

}  // namespace
}  // namespace penstock
