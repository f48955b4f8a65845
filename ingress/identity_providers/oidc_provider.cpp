#include <algorithm>
#include <utility>

#include "ingress/identity_providers/authorization.h"
#include "ingress/identity_providers/cached_document.h"
#include "ingress/identity_providers/discovery.h"
#include "ingress/identity_providers/id_token.h"
#include "ingress/identity_providers/key_set.h"
#include "ingress/identity_providers/provider_client.h"
#include "ingress/identity_providers/providers.h"

namespace penstock {
namespace {

constexpr std::string_view kOpenId = "openid";

std::string scope_of(std::vector<std::string> scopes) {
  if (scopes.empty()) scopes = {"email", "profile"};
  if (std::find(scopes.begin(), scopes.end(), kOpenId) == scopes.end())
    scopes.insert(scopes.begin(), std::string(kOpenId));
  return scope_text(scopes);
}

ProviderFailure other_issuer() {
  return {ProviderError::token_rejected, "callback: iss is missing or another provider's"};
}

using Endpoints = CachedDocument<ProviderEndpoints>;
using Keys = CachedDocument<KeySet>;

class OidcProvider final : public IdentityProvider {
 public:
  OidcProvider(IdentityProviderOptions options, HttpSender& sender, const Clock& clock)
      : options_(std::move(options)),
        scope_(scope_of(options_.scopes)),
        clock_(clock),
        client_(sender),
        endpoints_(
            {}, [this](ProviderDone<ProviderEndpoints> done) { fetch_endpoints(std::move(done)); }, clock),
        keys_(
            {}, [this](ProviderDone<KeySet> done) { fetch_keys(std::move(done)); }, clock) {}

  void authorize_url(AuthorizationRequest request, ProviderDone<std::string> done) override {
    endpoints_.get([this, request = std::move(request),
                    done = std::move(done)](const ProviderResult<Endpoints::Value>& endpoints) {
      if (!endpoints) return done(endpoints.error());
      done(authorization_url(endpoints.value()->authorize_url, options_, scope_, request));
    });
  }

  void exchange(CodeExchange exchange, ProviderDone<ProviderIdentity> done) override {
    const auto attempt = std::make_shared<Attempt>();
    attempt->exchange = std::move(exchange);
    attempt->done = std::move(done);
    endpoints_.get([this, attempt](const ProviderResult<Endpoints::Value>& endpoints) {
      if (!endpoints) return attempt->done(endpoints.error());
      attempt->endpoints = endpoints.value();
      exchange_code(attempt);
    });
  }

 private:
  // One exchange, from step to step. What it holds of tokens goes with it.
  struct Attempt {
    CodeExchange exchange;
    ProviderDone<ProviderIdentity> done;
    Endpoints::Value endpoints;
    TokenAnswer tokens;
    std::optional<jose::Token> id_token;
  };
  using AttemptPtr = std::shared_ptr<Attempt>;

  void fetch_endpoints(ProviderDone<ProviderEndpoints> done) {
    client_.get(discovery_url(options_.issuer), {},
                [this, done = std::move(done)](ProviderResult<ProviderAnswer> answer) {
                  if (!answer) return done(answer.error());
                  done(read_discovery(answer.value().body.root(), options_.issuer));
                });
  }

  void fetch_keys(ProviderDone<KeySet> done) {
    endpoints_.get([this, done = std::move(done)](const ProviderResult<Endpoints::Value>& endpoints) {
      if (!endpoints) return done(endpoints.error());
      client_.get(endpoints.value()->keys_url, {}, [done](ProviderResult<ProviderAnswer> answer) {
        if (!answer) return done(answer.error());
        done(KeySet::read(answer.value().body.root()));
      });
    });
  }

  void exchange_code(const AttemptPtr& attempt) {
    const auto& said = attempt->exchange.issuer;
    if (said ? *said != options_.issuer : attempt->endpoints->names_itself)
      return attempt->done(other_issuer());
    auto request = token_request(options_, attempt->exchange, attempt->endpoints->secret_in_body);
    client_.post_form(attempt->endpoints->token_url, std::move(request.headers), std::move(request.form),
                      [this, attempt](ProviderResult<ProviderAnswer> answer) {
                        if (!answer) return attempt->done(answer.error());
                        on_tokens(attempt, read_token_answer(answer.value()));
                      });
  }

  void on_tokens(const AttemptPtr& attempt, ProviderResult<TokenAnswer> tokens) {
    if (!tokens) return attempt->done(tokens.error());
    attempt->tokens = std::move(tokens).value();
    auto token = parse_id_token(attempt->tokens.id_token);
    if (!token) return attempt->done(token.error());
    attempt->id_token = std::move(token).value();
    keys_.get([this, attempt](const ProviderResult<Keys::Value>& keys) {
      if (!keys) return attempt->done(keys.error());
      if (!keys.value()->candidates(*attempt->id_token).empty()) return verify(attempt, *keys.value());
      // Providers change their keys: a key that we do not know may be there by now.
      keys_.get_newer(keys.value(), [this, attempt](const ProviderResult<Keys::Value>& newer) {
        if (!newer) return attempt->done(newer.error());
        verify(attempt, *newer.value());
      });
    });
  }

  void verify(const AttemptPtr& attempt, const KeySet& keys) {
    auto identity =
        verify_id_token(*attempt->id_token, keys.candidates(*attempt->id_token),
                        {options_.issuer, options_.client_id, attempt->exchange.nonce, clock_.now()});
    if (!identity) return attempt->done(identity.error());
    complete(attempt, std::move(identity).value());
  }

  // Many providers tell who it is in the token, and address and name only when asked. Not to hear of them is no reason to
  // turn somebody away.
  void complete(const AttemptPtr& attempt, ProviderIdentity identity) {
    const bool is_complete = identity.email && identity.name;
    if (is_complete || !attempt->endpoints->userinfo_url || attempt->tokens.access_token.empty())
      return attempt->done(std::move(identity));
    client_.get(*attempt->endpoints->userinfo_url,
                {{"Authorization", "Bearer " + attempt->tokens.access_token}},
                [attempt, identity = std::move(identity)](ProviderResult<ProviderAnswer> answer) mutable {
                  const auto claims = answer ? answer.value().body.root() : json::Value();
                  if (claims["sub"].string() == identity.subject) take_profile(identity, claims);
                  attempt->done(std::move(identity));
                });
  }

  const IdentityProviderOptions options_;
  const std::string scope_;
  const Clock& clock_;
  ProviderClient client_;
  Endpoints endpoints_;
  Keys keys_;
};

}  // namespace

std::unique_ptr<IdentityProvider> make_oidc_provider(IdentityProviderOptions options, HttpSender& sender,
                                                     const Clock& clock) {
  return std::make_unique<OidcProvider>(std::move(options), sender, clock);
}

}  // namespace penstock
