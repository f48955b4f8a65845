#include <boost/multiprecision/cpp_int.hpp>
#include <map>

#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/wallets.h"

namespace penstock::admin {
namespace {

using boost::multiprecision::cpp_int;
using Balances = std::map<std::string, MinorUnits>;

void encode_entry(json::Writer& out, const Stored<LedgerEntry>& stored) {
  const LedgerEntry& row = stored.row;
  out.begin_object().key("id").string(row.id).key("kind").string(to_string(row.kind));
  out.key("amount").integer(row.amount.value).key("currency").string(row.currency);
  out.key("livemode").boolean(row.livemode).key("payment").string(row.payment);
  out.key("event").string(row.event.value).key("effect_key").string(row.effect_key);
  encode_stamp(out, added_by(row.event, stored.stamp));
  out.end_object();
}

// Live and test money together, since either sum is to be zero; it may pass int64.
std::map<std::string, cpp_int> sum_by_currency(const LedgerCheck& check) {
  std::map<std::string, cpp_int> sums;
  for (const auto& each : check.sums) sums[each.currency] += cpp_int(each.sum);
  return sums;
}

bool is_balanced(const LedgerCheck& check) {
  const bool zero =
      std::all_of(check.sums.begin(), check.sums.end(), [](const auto& each) { return each.sum == "0"; });
  return zero && check.broken_postings.empty() && check.broken_wallets.empty();
}

}  // namespace

Result<std::vector<Stored<Wallet>>> wallets_of(Store& store, std::string_view user_id) {
  TRY(auto wallets, rows_with<Wallet>(store, {{"user_id", std::string(user_id)}}));
  std::erase_if(wallets, [](const auto& wallet) { return wallet.row.deposits == 0; });
  return wallets;
}

Result<http::Response> get_wallet(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto wallets, wallets_of(context.store, request.parameter("userId")));
  if (wallets.empty()) return not_found("wallet");
  Balances live, test;
  std::vector<RowStamp> stamps;
  for (const auto& [row, stamp] : wallets) {
    (row.livemode ? live : test)[row.currency] = row.balance;
    stamps.push_back(stamp);
  }
  json::Writer out;
  out.begin_object().key("user_id").string(request.parameter("userId"));
  json::encode(out.key("balances"), live);
  json::encode(out.key("test_balances"), test);
  encode_stamp(out, latest(stamps));
  out.end_object();
  return json_response(std::move(out));
}

Result<http::Response> list_wallet_entries(const Context& context, const Request& request) {
  ListQuery query;
  query.filters = {{"user_id", std::string(request.parameter("userId"))}};
  QueryReader in(request);
  in.page("entries", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<LedgerEntry>(context.store, "entries", query));
  if (page.rows.empty() && !query.after) return not_found("wallet");
  return page_response(page, encode_entry);
}

Result<http::Response> check_ledger(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto check, context.ledger.check_ledger());
  json::Writer out;
  out.begin_object().key("balanced").boolean(is_balanced(check));
  out.key("accounts").integer(check.accounts).key("entries").integer(check.entries);
  out.key("sum_by_currency").begin_object();
  for (const auto& [currency, sum] : sum_by_currency(check)) out.key(currency).raw(sum.str());
  out.end_object();
  json::encode(out.key("broken_postings"), check.broken_postings);
  json::encode(out.key("broken_wallets"), check.broken_wallets);
  out.end_object();
  return json_response(std::move(out));
}

}  // namespace penstock::admin
