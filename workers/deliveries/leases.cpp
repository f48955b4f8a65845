#include "workers/deliveries/leases.h"

#include <algorithm>

#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr std::string_view kChangedBy = "deliveries";
constexpr Table kEndpointsByDueTime = by_due_time<DeliveryEndpoint>("due_at");

// Endpoints in one transaction, and those of them that are to be written.
class LeaseBatch {
 public:
  static Result<LeaseBatch> begin(const LeaseTerms& terms, std::vector<std::string> ids,
                                  bool only_free = false) {
    const TableKeys wanted{&table_of<DeliveryEndpoint>(), std::move(ids), only_free};
    TRY(auto transaction, terms.store.begin());
    TRY(auto answered, transaction->load(std::span(&wanted, 1)));
    return LeaseBatch(std::move(transaction), std::move(answered.front().rows), terms.clock.now());
  }

  const std::vector<Row>& rows() const noexcept { return loaded_; }
  Timestamp now() const noexcept { return now_; }
  void write(DeliveryEndpoint endpoint, const Row& stored) {
    changed_.rows.push_back({to_cells(std::move(endpoint)),
                             stored.rev,
                             {stored.stamp.created_at, now_, std::string(kChangedBy)}});
  }
  Status commit() {
    if (changed_.rows.empty()) return ok();
    return transaction_->commit(std::span(&changed_, 1));
  }

 private:
  LeaseBatch(std::unique_ptr<StoreBatch> transaction, std::vector<Row> loaded, Timestamp now)
      : transaction_(std::move(transaction)), loaded_(std::move(loaded)), now_(now) {}

  std::unique_ptr<StoreBatch> transaction_;
  std::vector<Row> loaded_;
  Timestamp now_;
  TableRows changed_{&table_of<DeliveryEndpoint>(), {}};
};

// Those of the rows that are still so once they are locked.
Result<std::vector<DeliveryEndpoint>> claim(
    const LeaseTerms& terms, const std::vector<Row>& rows,
    const std::function<bool(const std::string&)>& is_held,
    const std::function<bool(const DeliveryEndpoint&, Timestamp now)>& is_free) {
  std::vector<DeliveryEndpoint> claimed;
  std::vector<std::string> ids;
  for (const auto& row : rows)
    if (const auto& id = std::get<std::string>(row.cells.front()); !is_held(id)) ids.push_back(id);
  if (ids.empty()) return claimed;
  TRY(auto batch, LeaseBatch::begin(terms, std::move(ids), true));
  for (const auto& stored : batch.rows()) {
    TRY(auto endpoint, from_row<DeliveryEndpoint>(stored));
    if (!is_free(endpoint, batch.now())) continue;  // another worker has it now
    endpoint.due_at = batch.now() + terms.length;
    endpoint.leased_by = terms.worker;
    claimed.push_back(endpoint);
    batch.write(std::move(endpoint), stored);
  }
  TRY_STATUS(batch.commit());
  return claimed;
}

}  // namespace

Result<std::vector<DeliveryEndpoint>> claim_endpoints(
    const LeaseTerms& terms, std::size_t at_most, const std::function<bool(const std::string&)>& is_held) {
  TRY(const auto due, due_rows(terms.store, kEndpointsByDueTime, {}, terms.clock.now(), at_most));
  return claim(terms, due, is_held, [](const DeliveryEndpoint& endpoint, Timestamp now) {
    return endpoint.due_at && *endpoint.due_at <= now;
  });
}

Result<std::vector<DeliveryEndpoint>> claim_overlong_leases(
    const LeaseTerms& terms, std::size_t at_most, const std::function<bool(const std::string&)>& is_held) {
  ListQuery query;
  query.present = {"leased_by"};
  query.since = terms.clock.now() + 2 * terms.length;
  query.order = ListOrder::oldest_first;
  query.limit = at_most;
  TRY(const auto overlong, terms.store.list(kEndpointsByDueTime, query));
  return claim(terms, overlong, is_held, [&](const DeliveryEndpoint& endpoint, Timestamp now) {
    return endpoint.leased_by && endpoint.due_at && *endpoint.due_at > now + 2 * terms.length;
  });
}

Result<std::set<std::string>> renew_leases(const LeaseTerms& terms, std::vector<std::string> endpoints) {
  std::set<std::string> lost(endpoints.begin(), endpoints.end());
  if (endpoints.empty()) return lost;
  TRY(auto batch, LeaseBatch::begin(terms, std::move(endpoints)));
  for (const auto& stored : batch.rows()) {
    TRY(auto endpoint, from_row<DeliveryEndpoint>(stored));
    if (endpoint.leased_by != terms.worker) continue;
    lost.erase(endpoint.id);
    endpoint.due_at = batch.now() + terms.length;
    batch.write(std::move(endpoint), stored);
  }
  TRY_STATUS(batch.commit());
  return lost;
}

Result<std::set<std::string>> return_endpoints(const LeaseTerms& terms,
                                               std::vector<ReturnedEndpoint> returned) {
  std::set<std::string> changed;
  if (returned.empty()) return changed;
  std::vector<std::string> ids;
  for (const auto& each : returned) ids.push_back(each.endpoint.id);
  TRY(auto batch, LeaseBatch::begin(terms, std::move(ids)));
  for (auto& each : returned) {
    const auto stored = std::find_if(batch.rows().begin(), batch.rows().end(), [&](const Row& row) {
      return std::get<std::string>(row.cells.front()) == each.endpoint.id;
    });
    if (stored == batch.rows().end()) continue;
    TRY(const auto now, from_row<DeliveryEndpoint>(*stored));
    if (now.leased_by != terms.worker) continue;
    if (each.looked_rev && stored->rev != *each.looked_rev) {
      changed.insert(each.endpoint.id);
      continue;
    }
    each.endpoint.leased_by.reset();
    batch.write(std::move(each.endpoint), *stored);
  }
  TRY_STATUS(batch.commit());
  return changed;
}

}  // namespace penstock
