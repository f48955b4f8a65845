// What binds somebody's way to a provider to their way back: a state in the URL, and what belongs to it sealed in a cookie
// of their browser.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>

#include "common/core/describe.h"
#include "common/crypto/sealer.h"
#include "common/ports/clock.h"

namespace penstock {

// All but `expires_at` is of visible ASCII.
struct LoginState {
  std::string id;  // `state` in the URL
  std::string provider;
  std::string nonce;
  std::string code_verifier;  // PKCE
  std::string return_to;
  Timestamp expires_at;
  bool operator==(const LoginState&) const = default;
};
BOOST_DESCRIBE_STRUCT(LoginState, (), (id, provider, nonce, code_verifier, return_to, expires_at))

// Why a way back has no beginning.
BOOST_DEFINE_ENUM_CLASS(StateError,
                        missing,   // no state, or no cookie: another browser, or one that keeps none
                        forged,    // not ours, or not the one of the cookie
                        expired,   //
                        replayed)  // it has been here before

inline constexpr std::chrono::minutes kLoginLifetime{10};

// Thread-safe; nothing blocks beyond a short lock.
//
// A state is taken once by this process, which remembers the last 65,536 that it has taken. Where there are several, or
// more come within ten minutes, a state can be taken again by whoever has kept the browser's cookie: then it is the
// provider that takes no code twice.
class LoginStates {
 public:
  // All it is given must outlive it.
  LoginStates(const crypto::Sealer& sealer, const Clock& clock) : sealer_(sealer), clock_(clock) {}

  LoginState begin(std::string provider, std::string return_to) const;
  // For the cookie.
  std::string seal(const LoginState& state) const;

  // The state of the cookie, if it is the one of the URL; from then on it is used. nullopt: there is none.
  std::variant<LoginState, StateError> take(std::optional<std::string_view> id,
                                            std::optional<std::string_view> cookie);

 private:
  bool note_used(const LoginState& state);

  const crypto::Sealer& sealer_;
  const Clock& clock_;
  std::mutex mutex_;  // of what follows
  std::unordered_set<std::string> used_;
  std::deque<std::string> in_order_;
};

// What the provider is told of the verifier (RFC 7636, S256).
std::string code_challenge(std::string_view code_verifier);

}  // namespace penstock
