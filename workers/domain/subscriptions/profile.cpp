#include "workers/domain/subscriptions/profile.h"

#include <algorithm>
#include <tuple>

namespace penstock {
namespace {

std::vector<std::string> customers_of(const std::string& user_id, const std::vector<Customer>& customers) {
  std::vector<std::string> ids;
  for (const auto& customer : customers)
    if (customer.trusted && customer.user_id == user_id) ids.push_back(customer.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

bool belongs_to(const std::string& user_id, const std::vector<Customer>& customers, const Subscription& row) {
  if (!row.trusted) return false;
  if (row.user_id) return *row.user_id == user_id;
  return std::any_of(customers.begin(), customers.end(), [&](const Customer& customer) {
    return customer.trusted && customer.user_id == user_id && customer.id == row.customer &&
           customer.account == row.account;
  });
}

bool is_better(const Subscription& a, const Subscription& b) {
  if (a.status != b.status) return a.status < b.status;
  return std::tie(a.started, a.id) > std::tie(b.started, b.id);
}

void copy_subscription(Profile& profile, const Subscription& best) {
  profile.subscription_status = to_string(*best.status);
  profile.subscription = best.id;
  profile.plan = best.plan;
  profile.current_period_end = best.current_period_end;
}

}  // namespace

Profile make_profile(const std::string& user_id, bool livemode, const ProfileRows& rows) {
  Profile profile;
  profile.user_id = user_id;
  profile.livemode = livemode;
  profile.subscription_status = "none";
  profile.customers = customers_of(user_id, rows.customers);

  const Subscription* best = nullptr;
  for (const auto& row : rows.subscriptions)
    if (row.status && belongs_to(user_id, rows.customers, row) && (best == nullptr || is_better(row, *best)))
      best = &row;
  if (best != nullptr) copy_subscription(profile, *best);

  const ConnectedAccount* account = nullptr;
  for (const auto& row : rows.accounts)
    if (row.user_id == user_id &&
        (account == nullptr || std::tie(account->status, account->id) < std::tie(row.status, row.id)))
      account = &row;
  if (account != nullptr) profile.account = account->id;
  return profile;
}

}  // namespace penstock
