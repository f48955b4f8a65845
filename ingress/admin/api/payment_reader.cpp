#include "ingress/admin/api/payment_reader.h"

#include "ingress/admin/api/stored.h"

namespace penstock::admin {

Status PaymentReader::read(const std::vector<TableKeys>& wanted) {
  std::vector<TableRows> answered;
  for (const auto& keys : wanted) {
    TRY(auto rows, store_.read(*keys.table, keys.keys));
    for (const auto& row : rows)
      stamps_[keys.table].emplace(std::get<std::string>(row.cells.front()), row.stamp);
    answered.push_back({keys.table, std::move(rows)});
  }
  return view_.take(wanted, answered);
}

const RowStamp* PaymentReader::stamp_of(const Table& table, const std::string& key) const {
  const auto rows = stamps_.find(&table);
  if (rows == stamps_.end()) return nullptr;
  const auto found = rows->second.find(key);
  return found == rows->second.end() ? nullptr : &found->second;
}

// Stamped by the session, the intent and the charges, or the invoice: a customer's row changes for reasons of its own.
FoundPayment PaymentReader::payment_of(const PaymentRows& rows, const Scope& scope) const {
  std::vector<RowStamp> stamps;
  const auto take = [&](const Table& table, const std::string& key) {
    if (const RowStamp* stamp = stamp_of(table, key)) stamps.push_back(*stamp);
  };
  if (rows.session != nullptr) take(table_of<CheckoutSession>(), rows.session->key);
  if (rows.intent != nullptr) {
    take(table_of<PaymentIntent>(), rows.intent->key);
    for (const auto& charge : rows.intent->charges) take(table_of<Charge>(), scope.key(charge));
  }
  for (const auto* charge : rows.charges) take(table_of<Charge>(), charge->key);
  if (rows.invoice != nullptr) take(table_of<Invoice>(), rows.invoice->key);
  return {project(rows), latest(stamps)};
}

}  // namespace penstock::admin
