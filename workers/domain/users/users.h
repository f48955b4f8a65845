// Users of an org: user.created and user.deleted of partners, and user.signed_in.
//
// Who is deleted stays so: what comes later, or late, still says what it says and revives nobody. E-mail address and name
// are each as the newest event that says it has it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

// A user keeps so many identities, the first in their order.
inline constexpr std::size_t kIdentitiesMax = 100;

// The rank: 0 created, 1 signed in, 2 deleted.
struct UserFacts : FactsOf<UserAttributes> {
  UserStatus status = UserStatus::active;
  std::optional<Identity> identity;  // that has signed in
};

void name_reads(const View& view, const UserFacts& facts, Reads& reads);

// Tells user.created when the user is heard of for the first time and is not deleted, and user.deleted when they come
// to be deleted; each once for a user.
Result<Effects> decide(const View& view, const UserFacts& facts, const Policy& policy);

// A user as clients read it (contract.md, /v1/users).
struct UserView : ObjectId, UserAttributes, UserStanding {
  bool operator==(const UserView&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserView, (ObjectId, UserAttributes, UserStanding), ())

UserView user_view(const User& row);

}  // namespace penstock
