#include "workers/runtime/due_rows.h"

#include <algorithm>
#include <optional>

namespace penstock {
namespace {

constexpr std::size_t kRowsMax = 50;
constexpr int kPagesMax = 10;
constexpr std::size_t kScheduledRowsMax = 500;

// One row that cannot be decided about, or read, must not keep the others waiting. A store that is damaged as a whole fails each
// of them, of which there are not many.
bool is_about_the_store(const Error& error) {
  return error.code != ErrorCode::invalid && error.code != ErrorCode::conflict &&
         error.code != ErrorCode::corrupt;
}

// Those that fall due at some time.
ListQuery scheduled_query(const Table& table, std::size_t limit) {
  ListQuery query;
  query.present = {table.newest_first};
  query.order = ListOrder::oldest_first;
  query.limit = limit;
  return query;
}

ListQuery due_query(const Table& table, std::vector<ColumnFilter> filters, Timestamp now, std::size_t limit) {
  ListQuery query = scheduled_query(table, limit);
  query.filters = std::move(filters);
  query.until = now + Milliseconds{1};
  return query;
}

ListQuery::After place_of(const Table& table, const Row& row) {
  const auto due_at = std::find_if(table.columns.begin(), table.columns.end(),
                                   [&](const Column& each) { return each.name == table.newest_first; });
  const auto& ms = row.cells[static_cast<std::size_t>(due_at - table.columns.begin())];
  return {timestamp_from_unix_ms(std::get<std::int64_t>(ms)), std::get<std::string>(row.cells.front())};
}

// What has become of the rows so far.
struct Turns {
  int taken_up = 0;
  int failed = 0;
  std::optional<Error> error = {};  // the last
};

// Error: the store's.
Status take_turns(Turns& turns, const std::vector<Row>& rows,
                  const std::function<Status(const Row&)>& take_up) {
  for (const auto& row : rows) {
    const auto done = take_up(row);
    if (!done && is_about_the_store(done.error())) return done.error();
    ++(done ? turns.taken_up : turns.failed);
    if (!done) turns.error = done.error();
  }
  return ok();
}

}  // namespace

Result<std::vector<Row>> due_rows(Store& store, const Table& table, std::vector<ColumnFilter> filters,
                                  Timestamp now, std::size_t limit) {
  return store.list(table, due_query(table, std::move(filters), now, limit));
}

Status visit_scheduled(Store& store, const Table& table,
                       const std::function<Status(const std::vector<Row>&)>& visit) {
  ListQuery query = scheduled_query(table, kScheduledRowsMax);
  for (;;) {
    TRY(const auto rows, store.list(table, query));
    TRY_STATUS(visit(rows));
    if (rows.size() < kScheduledRowsMax) return ok();
    query.after = place_of(table, rows.back());
  }
}

Result<int> take_up_due(Store& store, const Table& table, std::vector<ColumnFilter> filters, Timestamp now,
                        const std::function<Status(const Row&)>& take_up) {
  ListQuery query = due_query(table, std::move(filters), now, kRowsMax);
  Turns turns;
  for (int page = 0; page < kPagesMax; ++page) {
    const int failed_before = turns.failed;
    TRY(const auto rows, store.list(table, query));
    TRY_STATUS(take_turns(turns, rows, take_up));
    if (rows.size() < kRowsMax || turns.failed == failed_before) break;
    query.after = place_of(table, rows.back());
  }
  if (turns.error) return *turns.error;
  return turns.taken_up;
}

}  // namespace penstock
