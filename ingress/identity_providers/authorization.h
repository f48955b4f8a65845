// What both kinds of providers are asked alike. Pure.
#pragma once

#include <string>

#include "common/ports/http_sender.h"
#include "ingress/identity_providers/identity_provider.h"
#include "ingress/identity_providers/provider_client.h"

namespace penstock {

// Where somebody is sent, with these scopes.
std::string authorization_url(const std::string& endpoint, const IdentityProviderOptions& options,
                              const std::string& scope, const AuthorizationRequest& request);

// The form that exchanges a code, and who sends it: with the secret in the form, or in `headers` (RFC 6749, section 2.3.1).
struct TokenRequest {
  HttpFields headers;
  std::string form;
};
TokenRequest token_request(const IdentityProviderOptions& options, const CodeExchange& exchange,
                           bool secret_in_body);

// "openid email", each once.
std::string scope_text(const std::vector<std::string>& scopes);

}  // namespace penstock
