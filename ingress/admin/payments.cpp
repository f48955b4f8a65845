#include <map>

#include "ingress/admin/query_reader.h"
#include "ingress/admin/resources.h"
#include "ingress/admin/stored.h"
#include "workers/domain/payments/payment.h"

namespace penstock::admin {
namespace {

struct FoundPayment {
  Payment payment;
  RowStamp stamp;
};

// The rows that an id leads to, and when each was last changed.
class PaymentSearch {
 public:
  PaymentSearch(Store& store, std::string id) : store_(store), id_(std::move(id)) {}

  Result<std::optional<FoundPayment>> run() {
    TRY_STATUS(load());
    auto payment = payment_of(view_, id_);
    if (!payment) return std::nullopt;
    const RowStamp stamp = stamp_of(*payment);
    return FoundPayment{*std::move(payment), stamp};
  }

 private:
  Status load() {
    for (;;) {
      Reads reads(view_);
      name_payment_reads(view_, id_, reads);
      if (reads.empty()) return ok();
      TRY_STATUS(load(reads.by_table()));
    }
  }

  Status load(const std::vector<TableKeys>& wanted) {
    std::vector<TableRows> answered;
    for (const auto& keys : wanted) {
      TRY(auto rows, store_.read(*keys.table, keys.keys));
      for (const auto& row : rows) stamps_[keys.table][std::get<std::string>(row.cells.front())] = row.stamp;
      answered.push_back({keys.table, std::move(rows)});
    }
    if (!view_.take(wanted, answered)) return Error{ErrorCode::corrupt, Retry::never, "a row of a payment"};
    return ok();
  }

  // Of the session, the intent and the charges: a customer's row changes for reasons of its own.
  RowStamp stamp_of(const Payment& payment) {
    std::vector<RowStamp> stamps;
    const auto take = [&](const Table& table, const std::optional<std::string>& key) {
      const auto& rows = stamps_[&table];
      if (const auto found = key ? rows.find(*key) : rows.end(); found != rows.end())
        stamps.push_back(found->second);
    };
    take(table_of<CheckoutSession>(), payment.session);
    take(table_of<PaymentIntent>(), payment.payment_intent);
    for (const auto& [key, stamp] : stamps_[&table_of<Charge>()]) stamps.push_back(stamp);
    return latest(stamps);
  }

  Store& store_;
  const std::string id_;
  View view_;
  std::map<const Table*, std::map<std::string, RowStamp>> stamps_;
};

Result<std::optional<FoundPayment>> find_payment(Store& store, std::string_view id) {
  return PaymentSearch(store, std::string(id)).run();
}

using CustomerUsers = std::map<std::string, std::optional<std::string>>;

// The users of those customers whose fulfilments name none.
Result<CustomerUsers> users_of_customers(Store& store, const std::vector<Stored<Fulfillment>>& rows) {
  std::vector<std::string> customers;
  for (const auto& [row, stamp] : rows)
    if (!row.user_id && row.customer) customers.push_back(*row.customer);
  TRY(const auto found, read_rows<Customer>(store, customers));
  CustomerUsers users;
  for (const auto& [row, stamp] : found) users[row.id] = row.user_id;
  return users;
}

std::optional<std::string> user_of(const Fulfillment& row, const CustomerUsers& users) {
  if (row.user_id || !row.customer) return row.user_id;
  const auto found = users.find(*row.customer);
  return found == users.end() ? std::nullopt : found->second;
}

void encode_fulfillment(json::Writer& out, const Stored<Fulfillment>& stored, const CustomerUsers& users) {
  const Fulfillment& row = stored.row;
  out.begin_object().key("id").string(row.id).key("payment").string(row.payment);
  out.key("app_slug").string(row.app_slug).key("action").string(row.action);
  json::encode(out.key("user_id"), user_of(row, users));
  json::encode(out.key("grants"), row.grants);
  out.key("event").string(row.event.value);
  encode_stamp(out, added_by(row.event, stored.stamp));
  out.end_object();
}

}  // namespace

Result<http::Response> get_payment(const Context& context, const http::Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto found, find_payment(context.store, request.parameter("id")));
  return found ? resource_response(found->payment, found->stamp) : not_found("payment");
}

Result<http::Response> list_fulfillments(const Context& context, const http::Request& request) {
  ListQuery query;
  QueryReader in(request);
  const auto payment = in.text("payment");
  in.page("fulfillments", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  if (payment) {
    TRY(const auto found, find_payment(context.store, *payment));
    query.filters.push_back({"payment", found ? found->payment.id : *payment});
  }
  TRY(const auto page, read_page<Fulfillment>(context.store, "fulfillments", query));
  TRY(const auto users, users_of_customers(context.store, page.rows));
  return page_response(page,
                       [&](json::Writer& out, const auto& row) { encode_fulfillment(out, row, users); });
}

}  // namespace penstock::admin
