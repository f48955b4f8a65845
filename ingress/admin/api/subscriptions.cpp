#include "workers/domain/subscriptions/subscriptions.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"
#include "ingress/admin/api/wallets.h"
#include "workers/domain/subscriptions/profile.h"

namespace penstock::admin {
namespace {

Result<std::optional<std::string>> user_of_customer(Store& store, const Subscription& row) {
  if (!row.customer) return std::nullopt;
  TRY(const auto found, read_row<Customer>(store, scope_of(row).key(*row.customer)));
  return found ? found->row.user_id : std::nullopt;
}

// All rows of one mode that concern one user. Those that may not touch profiles are not even read: whoever
// names a user in many of them would push out the user's own.
class ProfileSearch {
 public:
  ProfileSearch(Store& store, std::string user_id, bool livemode)
      : store_(store), user_id_(std::move(user_id)), livemode_(livemode) {}

  // nullopt: nothing is known of the user in this mode.
  Result<std::optional<http::Response>> run() {
    TRY_STATUS(take({{"user_id", user_id_}, {"trusted", true}}, rows_.customers));
    TRY_STATUS(take({{"user_id", user_id_}}, rows_.accounts));
    TRY_STATUS(take({{"user_id", user_id_}, {"trusted", true}}, rows_.subscriptions));
    for (const auto& customer : rows_.customers) {
      const Cell account = customer.account ? Cell{*customer.account} : Cell{};
      TRY_STATUS(
          take({{"customer", customer.id}, {"account", account}, {"trusted", true}}, rows_.subscriptions));
    }
    TRY_STATUS(take_wallets());
    if (stamps_.empty()) return std::nullopt;
    return resource_response(make_profile(user_id_, livemode_, rows_), latest(stamps_));
  }

 private:
  template <class R>
  Status take(std::vector<ColumnFilter> filters, std::vector<R>& rows) {
    filters.push_back({"livemode", livemode_});
    TRY(auto found, rows_with<R>(store_, std::move(filters)));
    for (auto& [row, stamp] : found) {
      rows.push_back(std::move(row));
      stamps_.push_back(std::move(stamp));
    }
    return ok();
  }

  // They are no part of a profile, but who has one is known.
  Status take_wallets() {
    TRY(const auto wallets, wallets_of(store_, user_id_));
    for (const auto& wallet : wallets)
      if (wallet.row.livemode == livemode_) stamps_.push_back(wallet.stamp);
    return ok();
  }

  Store& store_;
  const std::string user_id_;
  const bool livemode_;
  ProfileRows rows_;
  std::vector<RowStamp> stamps_;
};

}  // namespace

Result<http::Response> get_subscription(const Context& context, const Request& request) {
  QueryReader in(request);
  const AskedScope asked = asked_scope_of_org(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const std::string id(request.parameter("id"));
  TRY(const auto found, read_asked<Subscription>(context.store, id, asked));
  if (!found) return not_found("subscription");
  TRY(const auto user, user_of_customer(context.store, found->row));
  return resource_response(subscription_view(found->row, user), found->stamp);
}

Result<http::Response> get_profile(const Context& context, const Request& request) {
  QueryReader in(request);
  const auto asked = in.boolean("livemode");
  if (auto refusal = in.refusal()) return *std::move(refusal);
  for (const bool livemode : {true, false}) {
    if (asked && *asked != livemode) continue;
    TRY(auto profile, ProfileSearch(context.store, std::string(request.parameter("userId")), livemode).run());
    if (profile) return *std::move(profile);
  }
  return not_found("profile");
}

}  // namespace penstock::admin
