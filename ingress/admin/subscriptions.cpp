#include "workers/domain/subscriptions/subscriptions.h"
#include "ingress/admin/query_reader.h"
#include "ingress/admin/resources.h"
#include "ingress/admin/wallets.h"
#include "workers/domain/subscriptions/profile.h"

namespace penstock::admin {
namespace {

Result<std::optional<std::string>> user_of_customer(Store& store,
                                                    const std::optional<std::string>& customer) {
  if (!customer) return std::nullopt;
  TRY(const auto found, read_row<Customer>(store, *customer));
  return found ? found->row.user_id : std::nullopt;
}

// All rows that concern one user.
class ProfileSearch {
 public:
  ProfileSearch(Store& store, std::string user_id) : store_(store), user_id_(std::move(user_id)) {}

  Result<http::Response> run() {
    TRY_STATUS(take("user_id", user_id_, rows_.customers));
    TRY_STATUS(take("user_id", user_id_, rows_.accounts));
    TRY_STATUS(take("user_id", user_id_, rows_.subscriptions));
    for (const auto& customer : rows_.customers) {
      TRY_STATUS(take("customer", customer.id, rows_.subscriptions));
    }
    TRY_STATUS(take_wallets());
    if (stamps_.empty()) return not_found("profile");
    return resource_response(make_profile(user_id_, rows_), latest(stamps_));
  }

 private:
  template <class R>
  Status take(std::string_view column, const std::string& value, std::vector<R>& rows) {
    TRY(auto found, rows_with<R>(store_, column, value));
    for (auto& [row, stamp] : found) {
      rows.push_back(std::move(row));
      stamps_.push_back(std::move(stamp));
    }
    return ok();
  }

  // They are no part of a profile, but who has one is known.
  Status take_wallets() {
    TRY(const auto wallets, wallets_of(store_, user_id_));
    for (const auto& wallet : wallets) stamps_.push_back(wallet.stamp);
    return ok();
  }

  Store& store_;
  const std::string user_id_;
  ProfileRows rows_;
  std::vector<RowStamp> stamps_;
};

}  // namespace

Result<http::Response> get_subscription(const Context& context, const http::Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto found, read_row<Subscription>(context.store, request.parameter("id")));
  if (!found) return not_found("subscription");
  TRY(const auto user, user_of_customer(context.store, found->row.customer));
  return resource_response(subscription_view(found->row, user), found->stamp);
}

Result<http::Response> get_profile(const Context& context, const http::Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  return ProfileSearch(context.store, std::string(request.parameter("userId"))).run();
}

}  // namespace penstock::admin
