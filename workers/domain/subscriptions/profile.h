// A user's profile (contract.md, /v1/profiles), one of each mode: derived from other rows
// on every read, stored nowhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/connect_rows.h"
#include "workers/domain/state/payment_rows.h"
#include "workers/domain/state/subscription_rows.h"

namespace penstock {

struct Profile {
  std::string user_id;
  std::string subscription_status;  // of the best subscription, or "none"
  std::optional<std::string> subscription;
  std::optional<std::string> plan;
  std::optional<Timestamp> current_period_end;
  std::vector<std::string> customers;  // sorted
  std::optional<std::string> account;  // the furthest enabled, then the greatest id
  bool livemode = false;
  bool operator==(const Profile&) const = default;
};
BOOST_DESCRIBE_STRUCT(Profile, (),
                      (user_id, subscription_status, subscription, plan, current_period_end, customers,
                       account, livemode))

// What may concern the user, in any order, all of one mode: the customers and connected accounts of
// that user_id, and the subscriptions of that user_id or of these customers. Rows of other users,
// and those that may not touch profiles, are skipped. A connected account is its user's by the
// metadata that the platform gave it.
struct ProfileRows {
  std::vector<Subscription> subscriptions;
  std::vector<Customer> customers;
  std::vector<ConnectedAccount> accounts;
};

// The best subscription is the first by status (the order of SubscriptionStatus), then the newest started,
// then the greatest id.
Profile make_profile(const std::string& user_id, bool livemode, const ProfileRows& rows);

}  // namespace penstock
