// What a provider has signed about who has signed in (OpenID Connect Core 1.0, section 3.1.3.7). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/core/time.h"
#include "common/jose/jose.h"
#include "common/json/value.h"
#include "ingress/identity_providers/failure.h"
#include "ingress/identity_providers/identity_provider.h"

namespace penstock {

struct IdTokenExpectations {
  std::string_view issuer;
  std::string_view client_id;
  std::string_view nonce;
  Timestamp now;
};

// Signed with RSA or on a curve: "none", and whatever a shared secret makes, is token_rejected.
ProviderResult<jose::Token> parse_id_token(std::string_view text);

// One of the keys has signed it, it is of the issuer, for us, of now (clocks may differ by a minute) and of the very
// sign-in whose nonce it has. All else is token_rejected.
ProviderResult<ProviderIdentity> verify_id_token(const jose::Token& token, std::span<const jose::Key> keys,
                                                 const IdTokenExpectations& expected);

// E-mail address and name as claims say them; an address that the provider says is not verified is none.
void take_profile(ProviderIdentity& identity, json::Value claims);

}  // namespace penstock
