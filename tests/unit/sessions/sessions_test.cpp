#include "ingress/sessions/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/crypto.h"
#include "common/crypto/hkdf.h"
#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

const std::string kOld(32, '\x01');
const std::string kNew(32, '\x02');
constexpr std::string_view kUser = "5f3f0d2e-9a53-5d5e-a9c1-5b8f6d0f4a11";
constexpr std::string_view kAccount = "hub/17";

class SessionsTest : public testing::Test {
 protected:
  Sessions sessions(std::vector<std::string> master_keys = {kOld},
                    std::string issuer = "https://hooks.example.com") const {
    return Sessions({.issuer = std::move(issuer), .ttl = 24h}, master_keys, clock_);
  }
  // Signed as ours are.
  static std::string signed_by_us(std::string_view claims) {
    return jose::sign(jose::Key::of_secret(crypto::hkdf_sha256(kOld, "penstock session token HS256", 32)),
                      claims);
  }

  std::string judged(std::string_view token) const { return judged(sessions(), token); }
  static std::string judged(const Sessions& judge, std::string_view token) {
    const auto verdict = judge.verify(token);
    if (const auto* session = std::get_if<Session>(&verdict)) return session->user;
    return std::string(to_string(std::get<SessionError>(verdict)));
  }

  ManualClock clock_{timestamp_from_unix_ms(1'700'000'000'000)};
};

TEST_F(SessionsTest, AnIssuedTokenNamesItsUserAndItsEnd) {
  const auto verdict = sessions().verify(sessions().issue(kUser, kAccount));
  const auto* session = std::get_if<Session>(&verdict);
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->user, kUser);
  EXPECT_EQ(session->account, kAccount);
  EXPECT_EQ(session->expires_at, clock_.now() + 24h);
}

TEST_F(SessionsTest, ATokenHasTheDocumentedClaims) {
  const auto token = sessions().issue("u1", "hub/17");
  const auto dot = token.find('.');
  EXPECT_EQ(crypto::from_base64url(token.substr(0, dot)), R"({"alg":"HS256","typ":"JWT"})");
  EXPECT_EQ(
      crypto::from_base64url(token.substr(dot + 1, token.rfind('.') - dot - 1)),
      R"({"iss":"https://hooks.example.com","aud":"penstock","sub":"u1","account":"hub/17","iat":1700000000,"exp":1700086400})");
}

TEST_F(SessionsTest, ATokenHoldsUntilItExpires) {
  const auto token = sessions().issue(kUser, kAccount);
  clock_.advance(24h - 1ms);
  EXPECT_EQ(judged(token), kUser);
  clock_.advance(1ms);
  EXPECT_EQ(judged(token), "expired");
}

TEST_F(SessionsTest, OfAClockAheadOfOursAMinuteIsForgiven) {
  const auto token = sessions().issue(kUser, kAccount);
  clock_.set(clock_.now() - 60s);
  EXPECT_EQ(judged(token), kUser);
  clock_.set(clock_.now() - 1ms);
  EXPECT_EQ(judged(token), "not_yet_valid");
}

TEST_F(SessionsTest, WhatAnyMasterKeyHasSignedHolds) {
  const auto old_token = sessions({kOld}).issue(kUser, kAccount);
  EXPECT_EQ(judged(sessions({kNew, kOld}), old_token), kUser);
  EXPECT_EQ(judged(sessions({kNew}), old_token), "forged");
  EXPECT_EQ(judged(sessions({kNew}), sessions({kNew, kOld}).issue(kUser, kAccount)), kUser);
}

TEST_F(SessionsTest, ATokenIsGoodForOneIssuerAndAudience) {
  EXPECT_EQ(judged(sessions({kOld}, "https://other.example.com"), sessions().issue(kUser, kAccount)),
            "wrong_issuer");
  EXPECT_EQ(judged(signed_by_us(
                R"({"aud":"penstock","sub":"u1","account":"hub/17","iat":1700000000,"exp":1700000001})")),
            "wrong_issuer");
  const std::string issued =
      R"({"iss":"https://hooks.example.com","sub":"u1","account":"hub/17","iat":1700000000,"exp":1700000001,)";
  EXPECT_EQ(judged(signed_by_us(issued + R"("aud":"penstock"})")), "u1");
  EXPECT_EQ(judged(signed_by_us(issued + R"("aud":"penstock-admin"})")), "wrong_audience");
  EXPECT_EQ(judged(signed_by_us(issued + R"("aud":["penstock"]})")), "wrong_audience");
  EXPECT_EQ(judged(signed_by_us(issued + R"("nbf":0})")), "wrong_audience");
}

TEST_F(SessionsTest, ASignedTextWithoutASessionIsNone) {
  for (const auto* claims :
       {"", "[]", "not json", R"({"sub":"u1"})",
        R"({"sub":"","account":"hub/17","iat":1700000000,"exp":1700000001})",
        R"({"sub":"u1","iat":1700000000,"exp":1700000001})",
        R"({"sub":"u1","account":"","iat":1700000000,"exp":1700000001})",
        R"({"sub":"u1","account":"hub/17","iat":1700000000,"exp":"1700000001"})",
        R"({"sub":"u1","account":"hub/17","iat":1700000000,"exp":1e12})",
        R"({"sub":"u1","sub":"u2","account":"hub/17","iat":1700000000,"exp":1700000001})"})
    EXPECT_EQ(judged(signed_by_us(claims)), "malformed") << claims;
}

TEST_F(SessionsTest, NoOtherAlgorithmIsTaken) {
  const auto token = sessions().issue(kUser, kAccount);
  const auto payload = token.substr(token.find('.'));
  const auto with_header = [&](std::string_view header) { return crypto::to_base64url(header) + payload; };
  for (const auto* header : {R"({"alg":"none"})", R"({"alg":"None","typ":"JWT"})", R"({"alg":"HS512"})",
                             R"({"alg":"RS256"})", R"({"alg":"hs256"})", R"({"typ":"JWT"})"})
    EXPECT_EQ(judged(with_header(header)), "wrong_algorithm") << header;
  const auto unsigned_payload = payload.substr(0, payload.rfind('.') + 1);
  EXPECT_EQ(judged(crypto::to_base64url(R"({"alg":"none"})") + unsigned_payload), "wrong_algorithm");
  EXPECT_EQ(judged(crypto::to_base64url(R"({"alg":"HS256"})") + unsigned_payload), "forged");
  EXPECT_EQ(judged(with_header(R"({"alg":"HS256","alg":"none"})")), "malformed");
  EXPECT_EQ(judged(with_header(R"({"alg":"HS256","crit":["exp"]})")), "malformed");
}

TEST_F(SessionsTest, NoByteOfATokenCanBeChangedOrCut) {
  const auto token = sessions().issue(kUser, kAccount);
  for (std::size_t at = 0; at < token.size(); ++at) {
    auto changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(judged(changed), kUser) << at;
    EXPECT_NE(judged(token.substr(0, at)), kUser) << at;
  }
  EXPECT_EQ(judged(token + "."), "malformed");
  EXPECT_EQ(judged(token + "=="), "malformed");
  EXPECT_EQ(judged(std::string(jose::kTokenBytesMax + 1, 'a')), "malformed");
}

TEST_F(SessionsTest, TheMasterKeyItselfSignsNothing) {
  EXPECT_EQ(judged(jose::sign(jose::Key::of_secret(kOld), R"({"sub":"u1"})")), "forged");
}

std::string token_of(const std::string& fields) {
  const auto head = http::parse_head("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
  const auto* parsed = std::get_if<http::RequestHead>(&head);
  EXPECT_NE(parsed, nullptr) << fields;
  return std::string(session_token(*parsed).value_or("none"));
}

TEST(SessionToken, ComesAsBearerOrInTheCookie) {
  EXPECT_EQ(token_of(""), "none");
  EXPECT_EQ(token_of("Authorization: Bearer a.b.c\r\n"), "a.b.c");
  EXPECT_EQ(token_of("authorization: bearer a.b.c\r\n"), "a.b.c");
  EXPECT_EQ(token_of("Cookie: penstock_session=a.b.c\r\n"), "a.b.c");
  EXPECT_EQ(token_of("Cookie: x=1; penstock_session=a.b.c; y=2\r\n"), "a.b.c");
  EXPECT_EQ(token_of("Cookie: x=1\r\nCookie: penstock_session=a.b.c\r\n"), "a.b.c");
}

TEST(SessionToken, OfAnotherSchemeIsNone) {
  EXPECT_EQ(token_of("Authorization: Basic dTpw\r\nCookie: penstock_session=a.b.c\r\n"), "none");
  EXPECT_EQ(token_of("Cookie: xpenstock_session=a.b.c; penstock_session2=d\r\n"), "none");
}

TEST(SessionToken, InTwoCookiesIsNone) {
  EXPECT_EQ(token_of("Cookie: penstock_session=a; penstock_session=b\r\n"), "none");
  EXPECT_EQ(token_of("Cookie: penstock_session=a\r\nCookie: penstock_session=b\r\n"), "none");
}

}  // namespace
}  // namespace penstock
