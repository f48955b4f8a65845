#include "ingress/identity_providers/authorization.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

const IdentityProviderOptions kOptions{.name = "hub",
                                       .client_id = "id:1",
                                       .client_secret = "a b&c",
                                       .redirect_uri = "https://h.example.com/api/auth/callback"};

TEST(AuthorizationUrl, SaysWhereToComeBackToAndWhatBindsIt) {
  EXPECT_EQ(
      authorization_url("https://hub/authorize", kOptions, "openid email", {"s1", "n1", "c1"}),
      "https://hub/authorize?response_type=code&client_id=id%3A1"
      "&redirect_uri=https%3A%2F%2Fh.example.com%2Fapi%2Fauth%2Fcallback&state=s1&nonce=n1&code_challenge=c1"
      "&code_challenge_method=S256&scope=openid%20email");
  EXPECT_TRUE(authorization_url("https://hub/authorize?tenant=1", kOptions, "", {})
                  .starts_with("https://hub/authorize?tenant=1&response_type=code&"));
}

TEST(TokenRequest, SaysWhoAsksInTheHeaderOrInTheForm) {
  const CodeExchange exchange{"the code", "v1", "n1", std::nullopt};
  const auto by_header = token_request(kOptions, exchange, false);
  // base64 of "id%3A1:a%20b%26c": both are encoded before they are joined (RFC 6749, section 2.3.1)
  EXPECT_EQ(by_header.headers, (HttpFields{{"Authorization", "Basic aWQlM0ExOmElMjBiJTI2Yw=="}}));
  EXPECT_EQ(by_header.form,
            "grant_type=authorization_code&code=the%20code"
            "&redirect_uri=https%3A%2F%2Fh.example.com%2Fapi%2Fauth%2Fcallback&code_verifier=v1");
  const auto by_form = token_request(kOptions, exchange, true);
  EXPECT_TRUE(by_form.headers.empty());
  EXPECT_EQ(by_form.form, by_header.form + "&client_id=id%3A1&client_secret=a%20b%26c");
}

ProviderResult<TokenAnswer> tokens(int status, std::string_view body) {
  return read_token_answer({status, json::Document::parse(body).value()});
}

TEST(ReadTokenAnswer, TellsARejectedCodeFromAClientThatIsNotKnown) {
  EXPECT_EQ(tokens(400, R"({"error":"invalid_grant"})").error().error, ProviderError::code_rejected);
  EXPECT_EQ(tokens(200, R"({"error":"bad_verification_code"})").error().error, ProviderError::code_rejected);
  EXPECT_EQ(tokens(401, R"({"error":"invalid_client"})").error().error, ProviderError::client_rejected);
  EXPECT_EQ(tokens(200, R"({"error":"incorrect_client_credentials"})").error().error,
            ProviderError::client_rejected);
  EXPECT_EQ(tokens(400, "{}").error().error, ProviderError::code_rejected);
  EXPECT_EQ(tokens(401, R"({"error":"invalid_grant"})").error().error, ProviderError::code_rejected);
  EXPECT_EQ(tokens(400, R"({"error":"invalid_client"})").error().error, ProviderError::client_rejected);
  EXPECT_EQ(tokens(200, R"({"error":{"code":7}})").error().error, ProviderError::code_rejected);
  EXPECT_EQ(tokens(401, "{}").error().error, ProviderError::client_rejected);
  EXPECT_EQ(tokens(404, "{}").error().error, ProviderError::client_rejected);
  EXPECT_EQ(tokens(200, "{}").error().error, ProviderError::bad_answer);
  EXPECT_EQ(tokens(200, R"({"access_token":7})").error().error, ProviderError::bad_answer);
  EXPECT_EQ(tokens(200, R"({"access_token":"a"})").value().access_token, "a");
}

TEST(ReadTokenAnswer, RepeatsNothingButWords) {
  EXPECT_EQ(tokens(400, R"({"error":"secret code 17"})").error().detail.find("17"), std::string::npos);
}

}  // namespace
}  // namespace penstock
