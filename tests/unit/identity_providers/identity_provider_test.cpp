#include "ingress/identity_providers/identity_provider.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/scripted_sender.h"
#include "tests/unit/identity_providers/signing_key.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

const std::string kDiscovery = "https://idp/.well-known/openid-configuration";

class OidcTest : public testing::Test {
 protected:
  OidcTest() {
    sender_.answer(
        kDiscovery, 200,
        R"({"issuer":"https://idp","authorization_endpoint":"https://idp/a","token_endpoint":"https://idp/t",)"
        R"("jwks_uri":"https://idp/k","userinfo_endpoint":"https://idp/u"})");
    publish(key_);
    give(key_, R"(,"email":"a@b","name":"Ada")");
  }

  void publish(const SigningKey& key) {
    sender_.answer("https://idp/k", 200, "{\"keys\":[" + key.jwk() + "]}");
  }
  void give(const SigningKey& key, const std::string& more) {
    const auto token = key.sign(
        R"({"iss":"https://idp","aud":"us","sub":"17","nonce":"n1","iat":1000,"exp":1060)" + more + "}");
    sender_.answer("https://idp/t", 200,
                   R"({"access_token":"at","token_type":"Bearer","id_token":")" + token + "\"}");
  }

  std::string exchange(std::optional<std::string> issuer = std::nullopt) {
    std::string said = "nothing";
    provider_->exchange({"c1", "v1", "n1", std::move(issuer)},
                        [&](const ProviderResult<ProviderIdentity>& result) {
                          EXPECT_EQ(said, "nothing") << "done is called once";
                          said = result ? result.value().subject + " " + result.value().email.value_or("-") +
                                              " " + result.value().name.value_or("-")
                                        : std::string(to_string(result.error().error));
                        });
    sender_.run();
    return said;
  }

  ManualClock clock_{timestamp_from_unix_ms(1'000'000)};
  ScriptedSender sender_;
  SigningKey key_{"k1"};
  std::unique_ptr<IdentityProvider> provider_ = make_identity_provider({.name = "idp",
                                                                        .issuer = "https://idp",
                                                                        .client_id = "us",
                                                                        .client_secret = "s",
                                                                        .redirect_uri = "https://h/cb"},
                                                                       sender_, clock_);
};

TEST_F(OidcTest, ACodeIsExchangedForWhoHasSignedIn) {
  EXPECT_EQ(exchange(), "17 a@b Ada");
  const auto& request = sender_.sent.at(1);
  EXPECT_EQ(request.url, "https://idp/t");
  EXPECT_NE(request.body.find("code=c1&"), std::string::npos);
  EXPECT_NE(request.body.find("&code_verifier=v1"), std::string::npos);
}

TEST_F(OidcTest, WhereThingsAreIsAskedOnce) {
  exchange();
  exchange();
  EXPECT_EQ(sender_.times_sent(kDiscovery), 1U);
  EXPECT_EQ(sender_.times_sent("https://idp/k"), 1U);
  EXPECT_EQ(sender_.times_sent("https://idp/t"), 2U);
}

TEST_F(OidcTest, WhatTheTokenLacksIsAskedForAndNotInsistedOn) {
  give(key_, "");
  EXPECT_EQ(exchange(), "17 - -");
  sender_.answer("https://idp/u", 200, R"({"sub":"17","email":"a@b","name":"Ada"})");
  EXPECT_EQ(exchange(), "17 a@b Ada");
  sender_.answer("https://idp/u", 200, R"({"sub":"18","email":"m@b","name":"Mallory"})");
  EXPECT_EQ(exchange(), "17 - -") << "of somebody else nothing is taken";
}

TEST_F(OidcTest, AnUnknownKeyIsLookedForOnceInHalfAMinute) {
  exchange();
  const SigningKey next("k2");
  give(next, "");
  EXPECT_EQ(exchange(), "token_rejected");
  EXPECT_EQ(exchange(), "token_rejected");
  EXPECT_EQ(sender_.times_sent("https://idp/k"), 2U);
  publish(next);
  clock_.advance(30s);
  EXPECT_EQ(exchange(), "17 - -");
  EXPECT_EQ(sender_.times_sent("https://idp/k"), 3U);
}

TEST_F(OidcTest, AWayBackFromAnotherProviderAsksNothing) {
  EXPECT_EQ(exchange("https://other"), "token_rejected");
  EXPECT_EQ(sender_.times_sent("https://idp/t"), 0U);
  EXPECT_EQ(exchange("https://idp"), "17 a@b Ada");
}

TEST_F(OidcTest, WhatIsAwayIsSaidSo) {
  sender_.answers.erase("https://idp/k");
  EXPECT_EQ(exchange(), "provider_away");
  sender_.answer("https://idp/t", 503, "");
  EXPECT_EQ(exchange(), "provider_away");
  sender_.full = true;
  EXPECT_EQ(exchange(), "overloaded");
}

TEST_F(OidcTest, WhatMakesNoSenseIsSaidSo) {
  for (const auto* body : {"", "<html>", "[]", "{}", "{\"id_token\":7}"}) {
    sender_.answer("https://idp/t", 200, body);
    EXPECT_EQ(exchange(), "bad_answer") << body;
  }
  sender_.answer("https://idp/t", 400, "<html>");
  EXPECT_EQ(exchange(), "code_rejected") << "the status says enough";
  sender_.answer("https://idp/t", 302, "");
  EXPECT_EQ(exchange(), "bad_answer");
  sender_.answer("https://idp/t", 200, R"({"access_token":"at"})");
  EXPECT_EQ(exchange(), "token_rejected") << "without an id_token nobody has signed in";
}

class OauthTest : public testing::Test {
 protected:
  std::string exchange(const std::string& user) {
    ScriptedSender sender;
    ManualClock clock;
    sender.answer("https://hub/t", 200, R"({"access_token":"at","token_type":"bearer"})");
    sender.answer("https://hub/u", 200, user);
    const auto provider = make_identity_provider({.name = "hub",
                                                  .issuer = "",
                                                  .authorize_url = "https://hub/a",
                                                  .token_url = "https://hub/t",
                                                  .userinfo_url = "https://hub/u",
                                                  .client_id = "us",
                                                  .client_secret = "s",
                                                  .scopes = {},
                                                  .redirect_uri = "https://h/cb"},
                                                 sender, clock);
    std::string said = "nothing";
    provider->exchange({"c1", "v1", "n1", std::nullopt}, [&](const ProviderResult<ProviderIdentity>& result) {
      said = result ? result.value().subject + " " + result.value().name.value_or("-")
                    : std::string(to_string(result.error().error));
    });
    sender.run();
    EXPECT_EQ(sender.sent.back().headers.front(),
              (std::pair<std::string, std::string>{"Authorization", "Bearer at"}));
    return said;
  }
};

TEST_F(OauthTest, TheSubjectIsSubElseId) {
  EXPECT_EQ(exchange(R"({"id":17,"login":"ada"})"), "17 ada");
  EXPECT_EQ(exchange(R"({"id":"x","name":"Ada","login":"ada"})"), "x Ada");
  EXPECT_EQ(exchange(R"({"id":17,"sub":"s"})"), "s -");
  for (const auto* user : {"{}", "[]", R"({"id":1.5})", R"({"id":null})", R"({"id":""})", R"({"id":true})"})
    EXPECT_EQ(exchange(user), "bad_answer") << user;
}

}  // namespace
}  // namespace penstock
