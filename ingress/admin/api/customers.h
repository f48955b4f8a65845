// From a user to the Stripe customers that are linked to it.
#pragma once

#include <set>
#include <string>

#include "ingress/admin/api/stored.h"

namespace penstock::admin {

// The ids of the user's customers, of all scopes; nullopt when they are too many to look
// for the objects of each. Blocks.
Result<std::optional<std::set<std::string>>> customers_of(Store& store, const std::string& user);

}  // namespace penstock::admin
