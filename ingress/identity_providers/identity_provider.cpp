#include "ingress/identity_providers/identity_provider.h"

#include "ingress/identity_providers/providers.h"

namespace penstock {

std::unique_ptr<IdentityProvider> make_identity_provider(IdentityProviderOptions options, HttpSender& sender,
                                                         const Clock& clock) {
  if (options.issuer.empty()) return make_oauth_provider(std::move(options), sender);
  return make_oidc_provider(std::move(options), sender, clock);
}

}  // namespace penstock
