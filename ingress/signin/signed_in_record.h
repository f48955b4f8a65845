// The event that somebody has signed in, as a record. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_record.h"
#include "ingress/identity_providers/identity_provider.h"

namespace penstock {

// "provider/subject".
std::string account_name(std::string_view provider, std::string_view subject);
// A UUIDv5 of both: the same wherever and whenever it is asked for, so that an ingress knows a user without a store.
std::string user_id(std::string_view provider, std::string_view subject);

struct SignedIn {
  std::string event;  // its id
  std::string user;
  std::string provider;
  ProviderIdentity identity;
};

// Keyed by the user.
Record signed_in_record(const SignedIn& signed_in, const Catalogue& catalogue, Timestamp at);

}  // namespace penstock
