#include "ingress/signin/outcomes.h"

#include "ingress/intake/address_limit.h"

namespace penstock {

SignInOutcome outcome_of(StateError error) {
  switch (error) {
    case StateError::missing:
      return SignInOutcome::state_missing;
    case StateError::forged:
      return SignInOutcome::state_forged;
    case StateError::expired:
      return SignInOutcome::state_expired;
    case StateError::replayed:
      return SignInOutcome::state_replayed;
  }
  return SignInOutcome::state_forged;
}

SignInOutcome outcome_of(ProviderError error) {
  switch (error) {
    case ProviderError::provider_away:
      return SignInOutcome::provider_away;
    case ProviderError::overloaded:
      return SignInOutcome::overloaded;
    case ProviderError::code_rejected:
      return SignInOutcome::code_rejected;
    case ProviderError::token_rejected:
      return SignInOutcome::token_rejected;
    case ProviderError::client_rejected:
      return SignInOutcome::client_rejected;
    case ProviderError::bad_answer:
      return SignInOutcome::bad_answer;
  }
  return SignInOutcome::bad_answer;
}

http::Response answer_to(SignInOutcome outcome, Milliseconds retry_after) {
  const auto again = std::chrono::ceil<std::chrono::seconds>(retry_after);
  switch (outcome) {
    case SignInOutcome::signed_in:
    case SignInOutcome::refused:
      return {.status = 302};
    case SignInOutcome::request_invalid:
      return http::problem(400, "invalid_request", "the request is invalid");
    case SignInOutcome::state_missing:
    case SignInOutcome::state_forged:
    case SignInOutcome::state_expired:
    case SignInOutcome::state_replayed:
      return http::problem(400, "invalid_state",
                           "this sign-in was not begun here, or too long ago: begin again");
    case SignInOutcome::rate_limited:
      return rate_limited("too many sign-ins from this address", retry_after);
    case SignInOutcome::code_rejected:
    case SignInOutcome::token_rejected:
      return http::problem(401, "sign_in_rejected", "the sign-in does not hold: begin again");
    case SignInOutcome::banned:
      return http::problem(403, "banned", "this account may not sign in");
    case SignInOutcome::client_rejected:
    case SignInOutcome::bad_answer:
      return http::problem(502, "provider_failed", "the provider did not say who has signed in");
    case SignInOutcome::provider_away:
      return http::problem_with_retry(503, "provider_unavailable", "the provider does not answer now", again);
    case SignInOutcome::overloaded:
      return http::problem_with_retry(503, "overloaded", "too many sign in at once", again);
    case SignInOutcome::settings_unavailable:
      return http::problem_with_retry(503, "settings_unavailable", "it cannot be told now who may sign in",
                                      again);
    case SignInOutcome::log_unavailable:
      return http::problem_with_retry(503, "log_unavailable", "the sign-in could not be stored", again);
  }
  return http::problem(500, "internal", "unexpected");
}

}  // namespace penstock
