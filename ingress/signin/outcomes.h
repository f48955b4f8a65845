// How sign-ins end, and what is answered then. Pure.
#pragma once

#include "common/core/describe.h"
#include "common/http/server/server.h"
#include "ingress/identity_providers/failure.h"
#include "ingress/signin/login_states.h"

namespace penstock {

// How a sign-in has ended, spelled like the metric label.
BOOST_DEFINE_ENUM_CLASS(SignInOutcome, signed_in, request_invalid, state_missing, state_forged, state_expired,
                        state_replayed,  // of its state, see login_states.h
                        rate_limited,    // too many from one address
                        refused,         // the provider says that they did not sign in
                        provider_away, overloaded, code_rejected, token_rejected, client_rejected,
                        bad_answer,  // see failure.h
                        banned, settings_unavailable, log_unavailable)

SignInOutcome outcome_of(StateError error);
SignInOutcome outcome_of(ProviderError error);

// What the browser may know; who may try again is told when. Where a redirect leads is added by who knows it.
http::Response answer_to(SignInOutcome outcome, Milliseconds retry_after = std::chrono::seconds{5});

}  // namespace penstock
