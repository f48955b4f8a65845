// The two kinds of providers.
#pragma once

#include <memory>

#include "ingress/identity_providers/identity_provider.h"

namespace penstock {

// One that has an issuer.
std::unique_ptr<IdentityProvider> make_oidc_provider(IdentityProviderOptions options, HttpSender& sender,
                                                     const Clock& clock);
// One that has the three URLs.
std::unique_ptr<IdentityProvider> make_oauth_provider(IdentityProviderOptions options, HttpSender& sender);

}  // namespace penstock
