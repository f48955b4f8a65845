#include "ingress/identity_providers/authorization.h"

#include "common/crypto/crypto.h"
#include "common/net/outgoing_url.h"

namespace penstock {

std::string authorization_url(const std::string& endpoint, const IdentityProviderOptions& options,
                              const std::string& scope, const AuthorizationRequest& request) {
  FormFields fields{{"response_type", "code"},
                    {"client_id", options.client_id},
                    {"redirect_uri", options.redirect_uri},
                    {"state", request.state},
                    {"nonce", request.nonce},
                    {"code_challenge", request.code_challenge},
                    {"code_challenge_method", "S256"}};
  if (!scope.empty()) fields.emplace_back("scope", scope);
  return with_query(endpoint, fields);
}

TokenRequest token_request(const IdentityProviderOptions& options, const CodeExchange& exchange,
                           bool secret_in_body) {
  FormFields fields{{"grant_type", "authorization_code"},
                    {"code", exchange.code},
                    {"redirect_uri", options.redirect_uri},
                    {"code_verifier", exchange.code_verifier}};
  if (secret_in_body) {
    fields.emplace_back("client_id", options.client_id);
    fields.emplace_back("client_secret", options.client_secret);
    return {{}, form(fields)};
  }
  const auto credentials = percent_encode(options.client_id) + ":" + percent_encode(options.client_secret);
  return {{{"Authorization", "Basic " + crypto::to_base64(credentials)}}, form(fields)};
}

std::string scope_text(const std::vector<std::string>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

}  // namespace penstock
