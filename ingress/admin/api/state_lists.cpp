// Lists of state whose elements are one row each.
#include <map>
#include <set>

#include "ingress/admin/api/customers.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"
#include "workers/domain/connect/accounts.h"
#include "workers/domain/connect/payouts.h"
#include "workers/domain/state/payment_rows.h"
#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock::admin {
namespace {

template <DescribedEnum Word>
void filter_by_word(QueryReader& in, std::string_view column, ListQuery& query) {
  if (const auto word = in.word<Word>(column))
    query.filters.push_back({column, std::string(to_string(*word))});
}

void filter_by_mode(QueryReader& in, ListQuery& query) {
  if (const auto livemode = in.boolean("livemode")) query.filters.push_back({"livemode", *livemode});
}

struct AskedSubscriptions {
  std::optional<std::string> user;
  std::optional<std::string> org;  // none is the default one
  ListQuery query;                 // of that org
};

// A subscription's user may be its customer's, which its own row does not say. Customers are the default org's.
class SubscriptionFinder {
 public:
  SubscriptionFinder(Store& store, const AskedSubscriptions& asked)
      : store_(store), query_(asked.query), user_(asked.user), org_(asked.org) {}

  // Where it is one of several, the first stream is of the rows that name the user themselves.
  Result<std::vector<Way>> ways() const {
    const Table& table = table_of<Subscription>();
    auto ways = ways_to(table, query_);
    if (!user_) return ways;
    std::optional customers = std::set<std::string>{};
    if (!org_) {
      TRY(customers, customers_of(store_, *user_));
    }
    if (!customers) return ways;
    ListQuery one = query_;
    one.only = {};
    one.filters = {{"user_id", *user_}};
    Way way = {{&table, one}};
    for (const auto& customer : *customers) {
      one.filters = {{"customer", customer}};
      way.push_back({&table, one});
    }
    const bool asks_for_no_more = query_.filters.size() == 1;  // than the org
    if (asks_for_no_more) ways.clear();
    ways.push_back(std::move(way));
    return ways;
  }

  Result<std::vector<Found<Stored<SubscriptionView>>>> find(const std::vector<Candidate>& candidates) {
    std::vector<Found<Stored<SubscriptionView>>> found;
    std::vector<Stored<Subscription>> rows;
    for (const auto& candidate : candidates) {
      TRY(auto row, typed_row<Subscription>(candidate.row));
      rows.push_back(std::move(row));
    }
    TRY_STATUS(read_users(rows));
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto& [row, stamp] = rows[i];
      if (row.user_id && candidates[i].stream > 0) continue;  // it is in the first stream, or another user's
      if (!passes(table_of<Subscription>(), candidates[i].row, query_.filters)) continue;
      auto view = subscription_view(row, user_of_customer(row));
      if (!user_ || view.user_id == user_) found.push_back({i, {}, {std::move(view), stamp}});
    }
    return found;
  }

 private:
  Status read_users(const std::vector<Stored<Subscription>>& rows) {
    std::vector<std::string> keys;
    for (const auto& [row, stamp] : rows)
      if (!row.user_id && row.customer) keys.push_back(scope_of(row).key(*row.customer));
    TRY(const auto customers, read_rows<Customer>(store_, keys));
    for (const auto& [row, stamp] : customers) users_[row.key] = row.user_id;
    return ok();
  }

  std::optional<std::string> user_of_customer(const Subscription& row) const {
    if (!row.customer) return std::nullopt;
    const auto found = users_.find(scope_of(row).key(*row.customer));
    return found == users_.end() ? std::nullopt : found->second;
  }

  Store& store_;
  const ListQuery& query_;
  const std::optional<std::string>& user_;
  const std::optional<std::string>& org_;
  std::map<std::string, std::optional<std::string>> users_;  // by the customer's key
};

}  // namespace

Result<http::Response> list_subscriptions(const Context& context, const Request& request) {
  AskedSubscriptions asked;
  ListQuery& query = asked.query;
  QueryReader in(request);
  asked.user = in.text("user");
  asked.org = asked_org(request);
  in.filter("customer", query);
  filter_by_word<SubscriptionStatus>(in, "status", query);
  in.filter("account", query);
  filter_by_mode(in, query);
  filter_by_org(asked.org, query);
  in.page("subscriptions", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  SubscriptionFinder finder(context.store, asked);
  TRY(const auto ways, finder.ways());
  TRY(auto chosen, furthest(context.store, ways));
  TRY(const auto page,
      fill_page<Stored<SubscriptionView>>(chosen.scan, "subscriptions", query, {},
                                          [&](const auto& candidates) { return finder.find(candidates); }));
  return page_response(
      page, [](json::Writer& out, const auto& each) { encode_resource(out, each.row, each.stamp); });
}

Result<http::Response> list_payouts(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.filter("account", query);
  filter_by_word<PayoutStatus>(in, "status", query);
  filter_by_mode(in, query);
  in.page("payouts", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<Payout>(context.store, "payouts", query));
  return page_response(page, [](json::Writer& out, const auto& each) {
    encode_resource(out, payout_view(each.row), each.stamp);
  });
}

Result<http::Response> list_accounts(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  if (auto user = in.text("user")) query.filters.push_back({"user_id", *std::move(user)});
  filter_by_mode(in, query);
  in.page("accounts", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<ConnectedAccount>(context.store, "accounts", query));
  return page_response(page, [](json::Writer& out, const auto& each) {
    encode_resource(out, account_view(each.row), each.stamp);
  });
}

}  // namespace penstock::admin
