// Where a provider's parts are (OpenID Connect Discovery 1.0). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/json/value.h"
#include "ingress/identity_providers/failure.h"

namespace penstock {

struct ProviderEndpoints {
  std::string authorize_url;
  std::string token_url;
  std::string keys_url;
  std::optional<std::string> userinfo_url;
  bool secret_in_body = false;  // client_secret_post, where it does not take client_secret_basic
  bool names_itself = false;    // on the way back, by `iss` (RFC 9207)
};

// Where the document is.
std::string discovery_url(std::string_view issuer);

// Refused is a document of another issuer, one without an endpoint that is needed, and an endpoint in cleartext where the
// issuer is not.
ProviderResult<ProviderEndpoints> read_discovery(json::Value document, std::string_view issuer);

}  // namespace penstock
