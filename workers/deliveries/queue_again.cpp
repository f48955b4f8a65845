#include "workers/deliveries/queue_again.h"

#include "workers/deliveries/endpoints.h"
#include "workers/deliveries/pacing.h"
#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr std::string_view kChangedBy = "operator";
// Twice what a change of settings may take to reach every process.
constexpr Milliseconds kSettingsKnownAfter{2'000};

constexpr ListIndex kByEndpoint[] = {{.column = "endpoint"}};
constexpr Table by_endpoint_and_failure() {
  Table table = by_due_time<Delivery>("failed_at");
  table.indexes = kByEndpoint;
  return table;
}
constexpr Table kDeliveriesByFailure = by_endpoint_and_failure();

template <class R>
Row changed(R row, const Row& stored, Timestamp now) {
  return {to_cells(std::move(row)), stored.rev, {stored.stamp.created_at, now, std::string(kChangedBy)}};
}

Result<Row> woken(const Row& stored, Timestamp at, Timestamp now) {
  TRY(auto endpoint, from_row<DeliveryEndpoint>(stored));
  Breaker::close(endpoint);
  wake(endpoint, at);
  return changed(std::move(endpoint), stored, now);
}

}  // namespace

Result<std::size_t> queue_again(Store& store, const Clock& clock, const std::string& endpoint,
                                const std::vector<std::string>& deliveries) {
  const Timestamp now = clock.now();
  TRY(auto transaction, store.begin());
  const std::vector<TableKeys> wanted{{&table_of<DeliveryEndpoint>(), {endpoint}},
                                      {&table_of<Delivery>(), deliveries}};
  TRY(const auto answered, transaction->load(wanted));
  TableRows endpoints{wanted[0].table, {}}, queued{wanted[1].table, {}};
  for (const auto& stored : answered[0].rows) {
    TRY(auto row, woken(stored, now, now));
    endpoints.rows.push_back(std::move(row));
  }
  for (const auto& stored : answered[1].rows) {
    TRY(auto delivery, from_row<Delivery>(stored));
    if (delivery.endpoint != endpoint) continue;
    delivery.status = DeliveryStatus::pending;
    delivery.due_at = now;
    delivery.failed_at.reset();
    delivery.attempts_before = delivery.attempts;
    queued.rows.push_back(changed(std::move(delivery), stored, now));
  }
  if (queued.rows.empty()) return std::size_t{0};
  const std::size_t count = queued.rows.size();
  const TableRows changes[] = {std::move(endpoints), std::move(queued)};
  TRY_STATUS(transaction->commit(changes));
  return count;
}

Result<std::vector<std::string>> failed_between(Store& store, const std::string& endpoint, Timestamp since,
                                                Timestamp until, std::size_t at_most) {
  ListQuery query;
  query.filters = {{"endpoint", endpoint}};
  query.since = since;
  query.until = until;
  query.order = ListOrder::oldest_first;
  query.limit = at_most;
  TRY(const auto rows, store.list(kDeliveriesByFailure, query));
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(std::get<std::string>(row.cells.front()));
  return ids;
}

Status wake_endpoint(Store& store, const Clock& clock, const std::string& endpoint) {
  TRY(auto transaction, store.begin());
  const TableKeys wanted{&table_of<DeliveryEndpoint>(), {endpoint}};
  TRY(const auto answered, transaction->load(std::span(&wanted, 1)));
  if (answered.front().rows.empty()) return ok();
  const Timestamp now = clock.now();
  TRY(auto row, woken(answered.front().rows.front(), now + kSettingsKnownAfter, now));
  const TableRows change{wanted.table, {std::move(row)}};
  return transaction->commit(std::span(&change, 1));
}

}  // namespace penstock
