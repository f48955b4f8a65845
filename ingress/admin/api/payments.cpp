#include <map>

#include "ingress/admin/api/payment_reader.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"
#include "workers/domain/payments/payment.h"

namespace penstock::admin {
namespace {

// The scopes in which there is something of that id.
template <class... R>
Result<std::vector<Scope>> scopes_with(Store& store, const std::string& id, const AskedScope& asked) {
  std::vector<Scope> scopes;
  Status status = ok();
  const auto add = [&](auto rows) {
    if (!rows) {
      status = rows.error();
      return false;
    }
    for (const auto& each : rows.value()) scopes.push_back(scope_of(each.row));
    return true;
  };
  // Not on after a failure: each would wait for the store anew.
  (void)(add(read_asked_rows<R>(store, id, asked)) && ...);
  TRY_STATUS(std::move(status));
  return scopes;
}

Result<std::optional<FoundPayment>> find_payment(Store& store, const std::string& id,
                                                 const AskedScope& asked) {
  TRY(const auto scopes, scopes_with<CheckoutSession, PaymentIntent, Charge, Invoice>(store, id, asked));
  if (scopes.empty()) return std::nullopt;
  const Scope scope = *std::min_element(scopes.begin(), scopes.end(), is_shown_before);
  PaymentReader reader(store);
  TRY_STATUS(
      reader.load([&](const View& view, Reads& reads) { name_payment_reads(view, scope, id, reads); }));
  const auto rows = payment_rows_of(reader.rows_of(scope), id);
  return rows ? std::optional(reader.payment_of(*rows, scope)) : std::nullopt;
}

// By the customer's key.
using CustomerUsers = std::map<std::string, std::optional<std::string>>;

// The users of those customers whose fulfilments name none.
Result<CustomerUsers> users_of_customers(Store& store, const std::vector<Stored<Fulfillment>>& rows) {
  std::vector<std::string> customers;
  for (const auto& [row, stamp] : rows)
    if (!row.user_id && row.customer) customers.push_back(scope_of(row).key(*row.customer));
  TRY(const auto found, read_rows<Customer>(store, customers));
  CustomerUsers users;
  for (const auto& [row, stamp] : found) users[row.key] = row.user_id;
  return users;
}

std::optional<std::string> user_of(const Fulfillment& row, const CustomerUsers& users) {
  if (row.user_id || !row.customer) return row.user_id;
  const auto found = users.find(scope_of(row).key(*row.customer));
  return found == users.end() ? std::nullopt : found->second;
}

void encode_fulfillment(json::Writer& out, const Stored<Fulfillment>& stored, const CustomerUsers& users) {
  const Fulfillment& row = stored.row;
  out.begin_object().key("id").string(row.id).key("payment").string(row.payment);
  out.key("app_slug").string(row.app_slug).key("action").string(row.action);
  json::encode(out.key("user_id"), user_of(row, users));
  json::encode(out.key("grants"), row.grants);
  json::encode(out.key("account"), row.account);
  out.key("livemode").boolean(row.livemode).key("event").string(row.event.value);
  encode_stamp(out, stored.stamp);
  out.end_object();
}

}  // namespace

Result<http::Response> get_payment(const Context& context, const Request& request) {
  QueryReader in(request);
  const AskedScope asked = asked_scope_of_org(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto found, find_payment(context.store, std::string(request.parameter("id")), asked));
  return found ? resource_response(found->payment, found->stamp) : not_found("payment");
}

Result<http::Response> list_fulfillments(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  const auto payment = in.text("payment");
  AskedScope asked = asked_scope(in);
  in.page("fulfillments", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  if (payment) {
    TRY(const auto found, find_payment(context.store, *payment, asked));
    query.filters.push_back({"payment", found ? found->payment.id : *payment});
    if (found) asked = {found->payment.livemode, found->payment.account};
    if (found && !asked.account) query.filters.push_back({"account", Cell{}});
  }
  if (asked.livemode) query.filters.push_back({"livemode", *asked.livemode});
  if (asked.account) query.filters.push_back({"account", *asked.account});
  TRY(const auto page, read_page<Fulfillment>(context.store, "fulfillments", query));
  TRY(const auto users, users_of_customers(context.store, page.rows));
  return page_response(page,
                       [&](json::Writer& out, const auto& row) { encode_fulfillment(out, row, users); });
}

}  // namespace penstock::admin
