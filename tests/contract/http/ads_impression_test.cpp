// The ads route on the real server, before a log that answers when the test says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/uuid.h"
#include "common/crypto/crypto.h"
#include "ingress/doors/ads/ads_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

const std::string kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";
const std::string kUnknown = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const Position kPosition{"ads", Partition{0}, Offset{7}};

std::string path_of(const std::string& ad) { return "/v1/ads/" + ad + "/impression"; }

// A POST without a body, nor a length of one.
std::string bare_post(const std::string& ad, const std::string& fields = {}) {
  return "POST " + path_of(ad) + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

class AdsImpressionTest : public DoorTest {
 protected:
  void serve(AdsDoorOptions options = {.impressions_per_second = 0}) {
    const auto knows = [](std::string_view id) {
      EXPECT_TRUE(is_uuid(id)) << "asked about " << id;
      return id == kAd;
    };
    DoorTest::serve(ads_door(options, Catalogue::builtin(), knows));
  }
  // How many of so many at once are taken; all of these are acknowledged.
  int let_in(int requests, const std::string& fields = {}, const std::string& from = "127.0.0.1") {
    int taken = 0;
    RawClient client(server_->bound_address(), from);
    for (; requests > 0; --requests) {
      client.send(bare_post(kAd, fields));
      auto held = log_.take();
      if (!held) break;
      held->done(kPosition);
      if (status_of(client.answer()) == 200) ++taken;
    }
    return taken;
  }
};

TEST_F(AdsImpressionTest, AnImpressionNeedsNoBodyAndIsAnsweredWhenItIsDurable) {
  serve();
  for (const auto& request : {bare_post(kAd), http::post(path_of(kAd), "")}) {
    const Record record = accepted(request);
    EXPECT_EQ(record.topic, "ads");
    EXPECT_EQ(record.key, kAd);
    EXPECT_EQ(record.value, "");
    EXPECT_EQ(find_header(record.headers, "ce_id"), std::nullopt);
  }
}

TEST_F(AdsImpressionTest, AnyBodyOfFourKibibytesIsKeptAndNotLookedAt) {
  serve();
  const std::string body(4096, '\xff');
  EXPECT_EQ(accepted(http::post(path_of(kAd), body, "Content-Type: image/gif\r\n")).value, body);
  EXPECT_EQ(accepted(http::post(path_of(kAd), "{")).value, "{");
}

TEST_F(AdsImpressionTest, ALargerBodyIsRefusedBeforeItIsRead) {
  serve();
  RawClient client(server_->bound_address());
  client.send("POST " + path_of(kAd) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 413);
  EXPECT_THAT(answer, HasSubstr(R"("type":"body_too_large")"));
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(AdsImpressionTest, TheGateIsAsStrictAsBeforeOtherDoors) {
  serve();
  EXPECT_EQ(status_of(ask(bare_post(kAd, "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n")), 411);
  EXPECT_EQ(status_of(ask(bare_post(kAd, "Transfer-Encoding: identity\r\n"))), 400);
  EXPECT_EQ(status_of(ask(bare_post(kAd, "Content-Length: 0\r\nContent-Length: 0\r\n"))), 400);
  EXPECT_EQ(status_of(ask("GET " + path_of(kAd) + " HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(AdsImpressionTest, WhatFollowsAnImpressionWithoutALengthIsTheNextRequest) {
  serve();
  RawClient client(server_->bound_address());
  client.send(bare_post(kAd) + bare_post(kUnknown));
  log_.take()->done(kPosition);
  EXPECT_EQ(status_of(client.answer()), 200);
  EXPECT_EQ(status_of(client.answer()), 404);
}

TEST_F(AdsImpressionTest, AnIdempotencyKeyBecomesTheIdWithinTheAd) {
  serve();
  for (const std::string& key : {std::string("a"), std::string(255, '~'), std::string("\"quoted\"")}) {
    const Record record = accepted(bare_post(kAd, "idempotency-KEY: " + key + "\r\n"));
    EXPECT_EQ(find_header(record.headers, "ce_id"), crypto::uuid_v5(kAd, key));
  }
}

TEST_F(AdsImpressionTest, AKeyThatIsNoneIsRefusedByName) {
  serve();
  for (const std::string& field :
       {std::string("Idempotency-Key:\r\n"), "Idempotency-Key: " + std::string(256, 'k') + "\r\n",
        std::string("Idempotency-Key: a b\r\n"), std::string("Idempotency-Key: \xc3\xa4\r\n"),
        std::string("Idempotency-Key: a\r\nIdempotency-Key: a\r\n")}) {
    const auto answer = ask(bare_post(kAd, field));
    EXPECT_EQ(status_of(answer), 400) << field;
    EXPECT_THAT(
        answer,
        HasSubstr(R"("fields":{"/Idempotency-Key":"must be one of 1 to 255 visible ASCII characters"})"))
        << field;
  }
  EXPECT_EQ(log_.waiting(), 0U);
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr(R"(penstock_ingress_refused_total{door="ads",reason="idempotency_key_invalid"} 5)"));
}

TEST_F(AdsImpressionTest, AnIdThatIsNoUuidIsRefusedByName) {
  serve();
  for (const std::string id :
       {"1", "0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5bd9cb469fa16570867728950e",
        "0f8fad5b-d9cb-469f-a165-70867728950%2F"}) {
    const auto answer = ask(bare_post(id));
    EXPECT_EQ(status_of(answer), 400) << id;
    EXPECT_THAT(answer, HasSubstr(R"("fields":{"/id":"must be a UUID)")) << id;
  }
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(AdsImpressionTest, AnUnknownAdIsNotFoundAndLeavesNothingBehind) {
  serve();
  const auto answer = ask(bare_post(kUnknown));
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_THAT(answer, HasSubstr(R"("type":"not_found")"));
  EXPECT_EQ(log_.waiting(), 0U);
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr(R"(penstock_ingress_refused_total{door="ads",reason="ad_unknown"} 1)"));
}

TEST_F(AdsImpressionTest, WithoutALogTheClientIsAskedToComeAgain) {
  serve();
  log_.refuse_with(Error{ErrorCode::overloaded, "full"});
  const auto answer = ask(bare_post(kAd));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: "));
}

TEST_F(AdsImpressionTest, ManyAtOnceFromOneAddressAreToldWhenToComeAgain) {
  serve({.impressions_per_second = 2});
  EXPECT_EQ(let_in(4), 4);
  const auto refused = ask(bare_post(kAd));
  EXPECT_EQ(status_of(refused), 429);
  EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_THAT(refused, HasSubstr(R"("type":"rate_limited")"));
  EXPECT_EQ(status_of(ask(bare_post(kUnknown))), 429) << "guessing is bounded too";
  EXPECT_EQ(let_in(4, {}, "127.0.0.2"), 4) << "others come in";
  clock_.advance(std::chrono::seconds{1});
  EXPECT_EQ(let_in(2), 2);
  EXPECT_EQ(status_of(ask(bare_post(kAd))), 429);
}

TEST_F(AdsImpressionTest, BehindAProxyOfOursEachClientHasItsOwnRate) {
  serve({.impressions_per_second = 2, .trusted_proxies = {parse_ip_range("127.0.0.1").value()}});
  EXPECT_EQ(let_in(4, "X-Forwarded-For: 203.0.113.9\r\n"), 4);
  EXPECT_EQ(status_of(ask(bare_post(kAd, "X-Forwarded-For: 192.0.2.66, 203.0.113.9\r\n"))), 429);
  EXPECT_EQ(let_in(4, "X-Forwarded-For: 203.0.113.10\r\n"), 4);
  EXPECT_EQ(let_in(4, "X-Forwarded-For: 2001:db8:1:2::1\r\n"), 4);
  EXPECT_EQ(status_of(ask(bare_post(kAd, "X-Forwarded-For: 2001:db8:1:2:ffff::9\r\n"))), 429) << "one /64";
}

TEST_F(AdsImpressionTest, AStrangerCannotChooseItsAddress) {
  serve({.impressions_per_second = 2});
  EXPECT_EQ(let_in(4, "X-Forwarded-For: 203.0.113.9\r\n"), 4);
  EXPECT_EQ(status_of(ask(bare_post(kAd, "X-Forwarded-For: 203.0.113.10\r\n"))), 429);
}

}  // namespace
}  // namespace penstock
