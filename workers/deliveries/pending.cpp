#include "workers/deliveries/pending.h"

#include "workers/deliveries/envelope.h"
#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr ListIndex kByEndpoint[] = {{.column = "endpoint"}};
constexpr Table by_endpoint_and_due_time() {
  Table table = by_due_time<Delivery>("due_at");
  table.indexes = kByEndpoint;
  return table;
}
constexpr Table kDeliveriesByDueTime = by_endpoint_and_due_time();

ListQuery pending_query(const PendingOf& wanted) {
  ListQuery query;
  query.filters = {{"endpoint", wanted.endpoint}};
  query.order = ListOrder::oldest_first;
  query.limit = wanted.at_most;
  return query;
}

}  // namespace

Result<std::map<std::string, Pending>> read_pending(Store& store, std::span<const PendingOf> wanted,
                                                    Timestamp now) {
  std::map<std::string, Pending> pending;
  std::vector<std::string> ids;
  std::vector<ListQuery> queries;
  for (const auto& each : wanted) {
    ids.push_back(each.endpoint);
    queries.push_back(pending_query(each));
  }
  TRY(const auto endpoints, store.read(table_of<DeliveryEndpoint>(), ids));
  for (const auto& row : endpoints) pending[std::get<std::string>(row.cells.front())].rev = row.rev;
  TRY(const auto lists, store.lists(kDeliveriesByDueTime, queries));
  for (std::size_t at = 0; at < lists.size(); ++at) {
    const auto found = pending.find(wanted[at].endpoint);
    if (found == pending.end()) continue;
    found->second.more = lists[at].size() >= wanted[at].at_most;
    for (const auto& row : lists[at]) {
      TRY(auto delivery, from_row<Delivery>(row));
      if (*delivery.due_at <= now) {
        found->second.due.push_back(std::move(delivery));
        continue;
      }
      found->second.next_due = delivery.due_at;
      found->second.more = false;
      break;
    }
  }
  return pending;
}

Result<Messages> read_messages(Store& store, const std::vector<std::string>& events) {
  Messages messages;
  TRY(const auto rows, store.read(table_of<OutboxRow>(), events));
  for (const auto& row : rows) {
    TRY(const auto event, from_row<OutboxRow>(row));
    messages.emplace(event.id,
                     Message{std::string(envelope_id(event.id)), envelope(event, row.stamp.created_at)});
  }
  return messages;
}

}  // namespace penstock
