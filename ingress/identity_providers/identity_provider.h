// People sign in with a provider: they are sent there, come back with a code, and the code is exchanged for who they are
// (OAuth 2.0, RFC 6749 section 4.1, with PKCE, RFC 7636; OpenID Connect Core 1.0).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/http_sender.h"
#include "ingress/identity_providers/failure.h"

namespace penstock {

struct IdentityProviderOptions {
  std::string name;         // of `?provider=`
  std::string issuer = {};  // empty: one of plain OAuth, which has the three URLs
  std::string authorize_url = {};
  std::string token_url = {};
  std::string userinfo_url = {};
  std::string client_id;
  std::string client_secret;
  std::vector<std::string> scopes = {};
  std::string redirect_uri;
};

// What binds the way there to the way back. All are of unreserved characters.
struct AuthorizationRequest {
  std::string state;
  std::string nonce;
  std::string code_challenge;  // S256
};

// What somebody has come back with.
struct CodeExchange {
  std::string code;
  std::string code_verifier;
  std::string nonce;
  std::optional<std::string> issuer;  // `iss` of the way back (RFC 9207)
};

// Who somebody is to the provider.
struct ProviderIdentity {
  std::string subject;  // 1 to 255 bytes, and never another's
  std::optional<std::string> email;
  std::optional<std::string> name;
};

// All methods may be called from any thread; none blocks. It asks the provider by the sender, each time for 5 s at most and
// five times at most for one exchange. The sender must go first: its end is the end of what is under way.
class IdentityProvider {
 public:
  virtual ~IdentityProvider() = default;

  // Where to send somebody.
  virtual void authorize_url(AuthorizationRequest request, ProviderDone<std::string> done) = 0;

  // The code is good for one exchange, whatever comes of it. What the provider gives for it beside the identity is
  // forgotten with the exchange.
  virtual void exchange(CodeExchange exchange, ProviderDone<ProviderIdentity> done) = 0;
};

// The clock and the sender must outlive it, but for what is said above.
std::unique_ptr<IdentityProvider> make_identity_provider(IdentityProviderOptions options, HttpSender& sender,
                                                         const Clock& clock);

}  // namespace penstock
