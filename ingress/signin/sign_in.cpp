#include "ingress/signin/sign_in.h"

#include <prometheus/counter.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "common/crypto/crypto.h"
#include "common/http/server/cookies.h"
#include "common/observe/log.h"
#include "ingress/intake/address_limit.h"
#include "ingress/intake/log_limit.h"
#include "ingress/sessions/standing.h"
#include "ingress/signin/login_states.h"
#include "ingress/signin/outcomes.h"
#include "ingress/signin/return_to.h"
#include "ingress/signin/signed_in_record.h"

namespace penstock {
namespace {

constexpr std::string_view kDefaultReturnTo = "/dashboard";
constexpr std::string_view kLoginPage = "/login";
constexpr std::uint32_t kLinesPerSecond = 10;
constexpr Milliseconds kProviderDeadline{30'000};
constexpr std::size_t kCodeBytesMax = 4096;
constexpr std::size_t kErrorBytesMax = 64;

constexpr std::size_t kOutcomes = words_of(SignInOutcome{}).size();

http::Response redirect(int status, std::string location) {
  http::Response response{.status = status};
  response.headers.emplace_back("Location", std::move(location));
  return response;
}

// An error of RFC 6749, section 4.1.2.1; of what is none only that there was one.
std::string error_word(std::string_view text) {
  const bool is_word =
      !text.empty() && text.size() <= kErrorBytesMax &&
      std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return is_word ? std::string(text) : "provider_error";
}

// What is said to a browser about who somebody is, no cache keeps and no next page hears of.
http::Response keep_private(http::Response response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace

class SignIn::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(SignInOptions options, SignInParts parts)
      : options_(std::move(options)),
        parts_(std::move(parts)),
        states_(parts_.sealer, parts_.clock),
        state_cookie_(options_.secure_cookies ? "__Host-penstock_signin" : "penstock_signin"),
        limit_({.count = options_.requests_per_minute,
                .per = std::chrono::minutes{1},
                .burst = options_.requests_per_minute},
               options_.trusted_proxies) {
    auto& family = prometheus::BuildCounter()
                       .Name("penstock_ingress_sign_ins_total")
                       .Help("Sign-ins by how they have ended")
                       .Register(parts_.metrics.registry());
    for (const auto& [outcome, word] : words_of(SignInOutcome{}))
      outcomes_[static_cast<std::size_t>(outcome)] = &family.Add({{"outcome", std::string(word)}});
    for (auto& [name, provider] : parts_.providers) known_.try_emplace(name, *provider);
  }

  const SignInOptions& options() const noexcept { return options_; }

  void login(const http::Request& request, const http::Responder& responder);
  void callback(const http::Request& request, const http::Responder& responder);
  http::Response logout(const http::Request& request) const;
  // The 429 of who asks too often.
  std::optional<http::Response> judge_rate(const http::Request& request);

 private:
  struct Known {
    explicit Known(IdentityProvider& identity_provider) : provider(identity_provider) {}
    IdentityProvider& provider;
    std::atomic<std::size_t> under_way{0};
  };

  // One sign-in that has come back, for as long as somebody waits for its end.
  struct Attempt {
    Attempt(std::shared_ptr<Core> all, Known& provider, LoginState begun, http::Responder to, std::string id)
        : core(std::move(all)),
          known(provider),
          is_one_too_many(++provider.under_way > kExchangesMax),
          state(std::move(begun)),
          responder(std::move(to)),
          request_id(std::move(id)) {}
    ~Attempt() { --known.under_way; }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    const std::shared_ptr<Core> core;
    Known& known;
    const bool is_one_too_many;
    const LoginState state;
    const http::Responder responder;
    const std::string request_id;
  };
  using AttemptPtr = std::shared_ptr<Attempt>;

  void begin(Known& known, const LoginState& state, const http::Responder& responder, std::string request_id);
  void exchange(const AttemptPtr& attempt, CodeExchange exchange);
  void on_identity(const AttemptPtr& attempt, const ProviderResult<ProviderIdentity>& identity);
  std::optional<std::pair<SignInOutcome, std::string>> judge_ban(const Attempt& attempt,
                                                                 const ProviderIdentity& identity) const;
  void store(const AttemptPtr& attempt, ProviderIdentity identity);
  void hand_out(const Attempt& attempt, const SignedIn& signed_in);

  void turn_back(const Attempt& attempt, const std::string& error);
  void end(const Attempt& attempt, SignInOutcome outcome, const std::string& detail);
  http::Response refuse(SignInOutcome outcome, const std::string& detail, const std::string& request_id,
                        Milliseconds retry_after = std::chrono::seconds{5});
  void count(SignInOutcome outcome) { outcomes_[static_cast<std::size_t>(outcome)]->Increment(); }
  http::Response invalid(std::string_view field, std::string_view why, const std::string& request_id);

  std::string cookie(std::string_view name, std::string_view value, std::chrono::seconds max_age) const {
    return http::set_cookie(
        {.name = name, .value = value, .max_age = max_age, .secure = options_.secure_cookies});
  }
  std::string login_page() const { return options_.app_url + std::string(kLoginPage); }
  // The state has been used.
  void forget_state(http::Response& response) const {
    response.headers.emplace_back("Set-Cookie", cookie(state_cookie_, "", {}));
  }

  const SignInOptions options_;
  const SignInParts parts_;
  LoginStates states_;
  const std::string_view state_cookie_;
  std::map<std::string, Known, std::less<>> known_;
  std::array<prometheus::Counter*, kOutcomes> outcomes_{};
  AddressLimit limit_;
  LogLimit lines_{kLinesPerSecond};
};

std::optional<http::Response> SignIn::Core::judge_rate(const http::Request& request) {
  const auto over = limit_.admit(request, parts_.clock.now());
  if (!over) return std::nullopt;
  return refuse(SignInOutcome::rate_limited, "client " + std::string(over->client), request.request_id(),
                over->wait);
}

void SignIn::Core::login(const http::Request& request, const http::Responder& responder) {
  const auto known = known_.find(request.query("provider").value_or(""));
  if (known == known_.end())
    return responder.send(
        invalid("provider", "is none of the providers that are set up here", request.request_id()));
  const auto return_to = request.query("return_to").value_or(kDefaultReturnTo);
  if (!is_local_path(return_to))
    return responder.send(
        invalid("return_to", "must be a path of the app: /orders?page=2", request.request_id()));
  begin(known->second, states_.begin(known->first, std::string(return_to)), responder, request.request_id());
}

void SignIn::Core::begin(Known& known, const LoginState& state, const http::Responder& responder,
                         std::string request_id) {
  AuthorizationRequest authorization{state.id, state.nonce, code_challenge(state.code_verifier)};
  known.provider.authorize_url(
      std::move(authorization), [self = shared_from_this(), sealed = states_.seal(state), responder,
                                 request_id = std::move(request_id)](const ProviderResult<std::string>& url) {
        if (!url)
          return responder.send(self->refuse(outcome_of(url.error().error), url.error().detail, request_id));
        auto response = keep_private(redirect(302, url.value()));
        response.headers.emplace_back("Set-Cookie",
                                      self->cookie(self->state_cookie_, sealed, kLoginLifetime));
        responder.send(std::move(response));
      });
}

void SignIn::Core::callback(const http::Request& request, const http::Responder& responder) {
  auto taken = states_.take(request.query("state"), http::cookie(request.head, state_cookie_));
  if (const auto* error = std::get_if<StateError>(&taken))
    return responder.send(refuse(outcome_of(*error), std::string(to_string(*error)), request.request_id()));
  auto& state = std::get<LoginState>(taken);
  const auto known = known_.find(state.provider);
  if (known == known_.end())
    return responder.send(
        refuse(SignInOutcome::state_forged, "the provider is no longer there", request.request_id()));
  const auto attempt = std::make_shared<Attempt>(shared_from_this(), known->second, std::move(state),
                                                 responder, request.request_id());

  if (const auto error = request.query("error")) return turn_back(*attempt, error_word(*error));
  const auto code = request.query("code").value_or("");
  if (code.empty() || code.size() > kCodeBytesMax)
    return end(*attempt, SignInOutcome::request_invalid, "neither code nor error");
  if (attempt->is_one_too_many)
    return end(*attempt, SignInOutcome::overloaded, "too many sign-ins of this provider are under way");
  const auto issuer = request.query("iss");
  exchange(attempt, {std::string(code), attempt->state.code_verifier, attempt->state.nonce,
                     issuer ? std::optional<std::string>(*issuer) : std::nullopt});
}

void SignIn::Core::exchange(const AttemptPtr& attempt, CodeExchange exchange) {
  attempt->known.provider.exchange(std::move(exchange),
                                   [attempt](const ProviderResult<ProviderIdentity>& identity) {
                                     attempt->core->on_identity(attempt, identity);
                                   });
}

void SignIn::Core::on_identity(const AttemptPtr& attempt, const ProviderResult<ProviderIdentity>& identity) {
  if (!identity) return end(*attempt, outcome_of(identity.error().error), identity.error().detail);
  if (const auto refused = judge_ban(*attempt, identity.value()))
    return end(*attempt, refused->first, refused->second);
  store(attempt, identity.value());
}

std::optional<std::pair<SignInOutcome, std::string>> SignIn::Core::judge_ban(
    const Attempt& attempt, const ProviderIdentity& identity) const {
  switch (standing_of(account_name(attempt.state.provider, identity.subject), parts_.settings.current())) {
    case Standing::welcome:
      return std::nullopt;
    case Standing::banned:
      return std::pair{SignInOutcome::banned, "user " + user_id(attempt.state.provider, identity.subject)};
    case Standing::not_read_yet:
      return std::pair{SignInOutcome::settings_unavailable,
                       "the settings have not been read from the log yet"};
    case Standing::unreadable:
      return std::pair{SignInOutcome::settings_unavailable,
                       "a ban cannot be opened; PENSTOCK_MASTER_KEY lacks its key"};
  }
  return std::nullopt;
}

// The session is handed out when the log has the event: who has one is known to everybody else.
void SignIn::Core::store(const AttemptPtr& attempt, ProviderIdentity identity) {
  const Timestamp now = parts_.clock.now();
  SignedIn signed_in{crypto::uuid_v7(now), user_id(attempt->state.provider, identity.subject),
                     attempt->state.provider, std::move(identity)};
  auto record = signed_in_record(signed_in, parts_.catalogue, now);
  const auto stored = parts_.append(
      std::move(record), [attempt, signed_in = std::move(signed_in)](const Result<Position>& result) {
        if (!result)
          return attempt->core->end(*attempt, SignInOutcome::log_unavailable, result.error().detail);
        attempt->core->hand_out(*attempt, signed_in);
      });
  if (!stored) end(*attempt, SignInOutcome::log_unavailable, stored.error().detail);
}

void SignIn::Core::hand_out(const Attempt& attempt, const SignedIn& signed_in) {
  count(SignInOutcome::signed_in);
  const auto ttl = std::chrono::floor<std::chrono::seconds>(parts_.sessions->ttl());
  auto response = keep_private(redirect(302, options_.app_url + attempt.state.return_to));
  const auto session =
      parts_.sessions->issue(signed_in.user, account_name(signed_in.provider, signed_in.identity.subject));
  response.headers.emplace_back("Set-Cookie", cookie(kSessionCookie, session, ttl));
  forget_state(response);
  attempt.responder.send(std::move(response));
}

void SignIn::Core::turn_back(const Attempt& attempt, const std::string& error) {
  auto response = refuse(SignInOutcome::refused, attempt.state.provider + ": " + error, attempt.request_id);
  response.headers.emplace_back("Location", login_page() + "?error=" + error);
  forget_state(response);
  attempt.responder.send(std::move(response));
}

void SignIn::Core::end(const Attempt& attempt, SignInOutcome outcome, const std::string& detail) {
  auto response = refuse(outcome, attempt.state.provider + ": " + detail, attempt.request_id);
  forget_state(response);
  attempt.responder.send(std::move(response));
}

http::Response SignIn::Core::refuse(SignInOutcome outcome, const std::string& detail,
                                    const std::string& request_id, Milliseconds retry_after) {
  count(outcome);
  if (const auto held_back = lines_.admit(parts_.clock.now())) {
    if (*held_back > 0)
      log::warn("lines were held back", {{"line", "sign-in refused"}, {"count", *held_back}});
    log::warn("sign-in refused",
              {{"reason", to_string(outcome)}, {"detail", detail}, {"request_id", request_id}});
  }
  return keep_private(answer_to(outcome, retry_after));
}

http::Response SignIn::Core::invalid(std::string_view field, std::string_view why,
                                     const std::string& request_id) {
  auto response = refuse(SignInOutcome::request_invalid, std::string(field), request_id);
  response.problem->fields = {{"/" + std::string(field), std::string(why)}};
  return response;
}

// Every browser says which page a POST comes from, so another site's can be told. What says nothing is no browser, and has
// no session that another site could end.
http::Response SignIn::Core::logout(const http::Request& request) const {
  const auto origin = request.header("Origin");
  if (origin && *origin != options_.public_url && *origin != options_.app_url)
    return keep_private(http::problem(403, "origin_refused", "signing out is for our own pages"));
  auto response = keep_private(redirect(303, login_page()));
  response.headers.emplace_back("Set-Cookie", cookie(kSessionCookie, "", {}));
  return response;
}

SignIn::SignIn(SignInOptions options, SignInParts parts)
    : core_(std::make_shared<Core>(std::move(options), std::move(parts))) {}

SignIn::~SignIn() = default;

std::vector<http::Route> SignIn::routes() {
  const auto deadline = kProviderDeadline + core_->options().ack_timeout;
  std::vector<http::Route> routes;
  const auto add = [&](std::string_view method, std::string pattern, std::string_view name,
                       http::Handler handler, http::HeadCheck check = {}) {
    routes.push_back({.method = method,
                      .pattern = std::move(pattern),
                      .name = name,
                      .handler = std::move(handler),
                      .authenticate = std::move(check),
                      .answer_deadline = deadline,
                      .late_answer = keep_private(answer_to(SignInOutcome::provider_away))});
  };
  const auto in_bounds = [core = core_](const http::Request& request) { return core->judge_rate(request); };
  add(
      "GET", "/api/auth/login", "login",
      [core = core_](http::Request&& request, const http::Responder& responder) {
        core->login(request, responder);
      },
      in_bounds);
  add(
      "GET", std::string(kCallbackPath), "callback",
      [core = core_](http::Request&& request, const http::Responder& responder) {
        core->callback(request, responder);
      },
      in_bounds);
  add("POST", "/api/auth/logout", "logout",
      [core = core_](http::Request&& request, const http::Responder& responder) {
        responder.send(core->logout(request));
      });
  return routes;
}

}  // namespace penstock
