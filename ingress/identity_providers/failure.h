// Why a provider does not tell who has signed in.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/core/describe.h"

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>

namespace penstock {

// Spelled like the metric label.
BOOST_DEFINE_ENUM_CLASS(ProviderError,
                        provider_away,    // it cannot be reached, or says that it cannot now: try later
                        overloaded,       // too many ask it at once: likewise
                        code_rejected,    // it does not take the code, or no longer
                        token_rejected,   // we do not believe what it has signed, or what it has not
                        client_rejected,  // it does not know us: a setting is wrong, here or there
                        bad_answer)       // what it says makes no sense

struct ProviderFailure {
  ProviderError error = ProviderError::bad_answer;
  std::string detail;  // for the operator; holds neither code, token nor secret
};

template <class T>
using ProviderResult =
    boost::outcome_v2::basic_result<T, ProviderFailure, boost::outcome_v2::policy::terminate>;

// Called exactly once, from inside the call that was given it or from a thread of the sender. Must not block or throw.
template <class T>
using ProviderDone = std::function<void(ProviderResult<T>)>;

}  // namespace penstock
