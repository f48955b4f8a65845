#include <utility>

#include "ingress/identity_providers/authorization.h"
#include "ingress/identity_providers/id_token.h"
#include "ingress/identity_providers/provider_client.h"
#include "ingress/identity_providers/providers.h"

namespace penstock {
namespace {

// `sub`, else `id`, which GitHub spells as a number.
std::optional<std::string> subject_of(json::Value user) {
  if (auto subject = short_text(user, "sub")) return subject;
  if (const auto number = user["id"].integer()) return std::to_string(*number);
  return short_text(user, "id");
}

ProviderResult<ProviderIdentity> read_user(const ProviderAnswer& answer) {
  if (answer.status != 200)
    return ProviderFailure{ProviderError::bad_answer, "userinfo: status " + std::to_string(answer.status)};
  const auto user = answer.body.root();
  auto subject = subject_of(user);
  if (!subject) return ProviderFailure{ProviderError::bad_answer, "userinfo: neither sub nor id"};
  ProviderIdentity identity{*std::move(subject), std::nullopt, std::nullopt};
  take_profile(identity, user);
  if (!identity.name) identity.name = short_text(user, "login");
  return identity;
}

class OauthProvider final : public IdentityProvider {
 public:
  OauthProvider(IdentityProviderOptions options, HttpSender& sender)
      : options_(std::move(options)), client_(sender) {}

  void authorize_url(AuthorizationRequest request, ProviderDone<std::string> done) override {
    done(authorization_url(options_.authorize_url, options_, scope_text(options_.scopes), request));
  }

  void exchange(CodeExchange exchange, ProviderDone<ProviderIdentity> done) override {
    auto request = token_request(options_, exchange, true);
    client_.post_form(options_.token_url, std::move(request.headers), std::move(request.form),
                      [this, done = std::move(done)](ProviderResult<ProviderAnswer> answer) {
                        if (!answer) return done(answer.error());
                        const auto tokens = read_token_answer(answer.value());
                        if (!tokens) return done(tokens.error());
                        ask_who(tokens.value().access_token, done);
                      });
  }

 private:
  void ask_who(const std::string& access_token, const ProviderDone<ProviderIdentity>& done) {
    if (access_token.empty())
      return done(ProviderFailure{ProviderError::bad_answer, "token endpoint: no access token"});
    client_.get(options_.userinfo_url, {{"Authorization", "Bearer " + access_token}},
                [done](ProviderResult<ProviderAnswer> answer) {
                  if (!answer) return done(answer.error());
                  done(read_user(answer.value()));
                });
  }

  const IdentityProviderOptions options_;
  ProviderClient client_;
};

}  // namespace

std::unique_ptr<IdentityProvider> make_oauth_provider(IdentityProviderOptions options, HttpSender& sender) {
  return std::make_unique<OauthProvider>(std::move(options), sender);
}

}  // namespace penstock
