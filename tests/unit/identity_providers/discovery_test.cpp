#include "ingress/identity_providers/discovery.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::string_view kIssuer = "https://idp.example.com";

ProviderResult<ProviderEndpoints> read(std::string_view members, std::string_view issuer = kIssuer) {
  const auto document = json::Document::parse("{" + std::string(members) + "}");
  return read_discovery(document.value().root(), issuer);
}

const std::string kMembers =
    R"("issuer":"https://idp.example.com","authorization_endpoint":"https://idp.example.com/a",)"
    R"("token_endpoint":"https://idp.example.com/t","jwks_uri":"https://keys.example.com/k")";

std::string with(std::string member, const std::string& from, const std::string& to) {
  return member.replace(member.find(from), from.size(), to);
}

TEST(DiscoveryUrl, StandsBehindTheIssuer) {
  EXPECT_EQ(discovery_url("https://h"), "https://h/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://h/"), "https://h/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://h/tenant/"), "https://h/tenant/.well-known/openid-configuration");
}

TEST(ReadDiscovery, TellsWhereTheProvidersPartsAre) {
  const auto endpoints = read(kMembers + R"(,"userinfo_endpoint":"https://idp.example.com/u")").value();
  EXPECT_EQ(endpoints.authorize_url, "https://idp.example.com/a");
  EXPECT_EQ(endpoints.token_url, "https://idp.example.com/t");
  EXPECT_EQ(endpoints.keys_url, "https://keys.example.com/k");
  EXPECT_EQ(endpoints.userinfo_url, "https://idp.example.com/u");
  EXPECT_FALSE(endpoints.secret_in_body);
  EXPECT_FALSE(endpoints.names_itself);
}

TEST(ReadDiscovery, TheSecretGoesWhereTheProviderTakesIt) {
  const auto in_body = [](const std::string& methods) {
    return read(kMembers + ",\"token_endpoint_auth_methods_supported\":" + methods).value().secret_in_body;
  };
  EXPECT_FALSE(in_body(R"(["client_secret_post","client_secret_basic"])"));
  EXPECT_TRUE(in_body(R"(["client_secret_post"])"));
  EXPECT_FALSE(in_body(R"(["private_key_jwt"])"));
}

TEST(ReadDiscovery, RefusesAnotherIssuersDocument) {
  EXPECT_FALSE(read(kMembers, "https://idp.example.com/"));
  EXPECT_FALSE(read(kMembers, "https://other.example.com"));
  EXPECT_FALSE(read(R"("issuer":7)"));
}

TEST(ReadDiscovery, RefusesAnEndpointThatIsMissingOrWorseProtectedThanTheIssuer) {
  for (const auto* name : {"authorization_endpoint", "token_endpoint", "jwks_uri"})
    EXPECT_FALSE(read(with(kMembers, name, "x"))) << name;
  EXPECT_FALSE(read(with(kMembers, "https://keys", "http://keys")));
  EXPECT_FALSE(read(with(kMembers, "https://idp.example.com/t", "file:///etc/passwd")));
  EXPECT_FALSE(read(kMembers + R"(,"userinfo_endpoint":"http://idp.example.com/u")").value().userinfo_url);
}

}  // namespace
}  // namespace penstock
