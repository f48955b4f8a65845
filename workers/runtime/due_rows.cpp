#include "workers/runtime/due_rows.h"

#include <optional>

namespace penstock {
namespace {

constexpr std::size_t kRowsMax = 50;

// One row that cannot be decided about must not keep the others waiting.
bool is_about_the_store(const Error& error) {
  return error.code != ErrorCode::invalid && error.code != ErrorCode::conflict;
}

}  // namespace

Result<std::vector<Row>> due_rows(Store& store, const Table& table, std::vector<ColumnFilter> filters,
                                  Timestamp now, std::size_t limit) {
  ListQuery query;
  query.filters = std::move(filters);
  query.present = {table.newest_first};
  query.until = now + Milliseconds{1};
  query.order = ListOrder::oldest_first;
  query.limit = limit;
  return store.list(table, query);
}

Result<int> take_up_due(Store& store, const Table& table, std::vector<ColumnFilter> filters, Timestamp now,
                        const std::function<Status(const Row&)>& take_up) {
  TRY(const auto rows, due_rows(store, table, std::move(filters), now, kRowsMax));
  int taken_up = 0;
  std::optional<Error> failed;
  for (const auto& row : rows) {
    const auto done = take_up(row);
    if (done)
      ++taken_up;
    else if (is_about_the_store(done.error()))
      return done.error();
    else
      failed = done.error();
  }
  if (failed) return *failed;
  return taken_up;
}

}  // namespace penstock
