#include "ingress/identity_providers/discovery.h"

#include "common/net/outgoing_url.h"

namespace penstock {
namespace {

bool has(json::Value list, std::string_view word) {
  for (auto each = list.first(); !each.absent(); each = list.next(each))
    if (each.string() == word) return true;
  return false;
}

// Without the list, the standard's default is Basic.
bool takes_secret_in_body_alone(json::Value document) {
  const auto methods = document["token_endpoint_auth_methods_supported"];
  return methods.is_array() && !has(methods, "client_secret_basic") && has(methods, "client_secret_post");
}

}  // namespace

std::string discovery_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

ProviderResult<ProviderEndpoints> read_discovery(json::Value document, std::string_view issuer) {
  if (document["issuer"].string() != issuer)
    return ProviderFailure{ProviderError::bad_answer, "discovery: of another issuer"};
  const bool cleartext_allowed = issuer.starts_with("http://");
  const auto endpoint = [&](std::string_view name) -> std::optional<std::string> {
    const auto url = document[name].string();
    if (!url || !parse_outgoing_url(*url, cleartext_allowed)) return std::nullopt;
    return std::string(*url);
  };
  ProviderEndpoints endpoints;
  for (const auto& [name, into] :
       {std::pair{"authorization_endpoint", &endpoints.authorize_url},
        std::pair{"token_endpoint", &endpoints.token_url}, std::pair{"jwks_uri", &endpoints.keys_url}}) {
    auto url = endpoint(name);
    if (!url)
      return ProviderFailure{ProviderError::bad_answer, "discovery: no " + std::string(name) + " to ask"};
    *into = *std::move(url);
  }
  endpoints.userinfo_url = endpoint("userinfo_endpoint");
  endpoints.secret_in_body = takes_secret_in_body_alone(document);
  endpoints.names_itself =
      document["authorization_response_iss_parameter_supported"].boolean().value_or(false);
  return endpoints;
}

}  // namespace penstock
