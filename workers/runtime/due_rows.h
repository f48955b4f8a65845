// Rows that wait for their time: found in the order in which they fall due, and taken up one by one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ports/store.h"
#include "workers/domain/state/table.h"

namespace penstock {

// R's table in the order of a timestamp column that says when a row falls due, NULL when never. An index of the schema
// has the rows in it.
template <class R>
constexpr Table by_due_time(std::string_view column) {
  Table table = table_of<R>();
  table.newest_first = column;
  table.indexes = {};
  return table;
}

// Those of the table that are due and that the filters take, `limit` at most, the longest due first. Blocks.
Result<std::vector<Row>> due_rows(Store& store, const Table& table, std::vector<ColumnFilter> filters,
                                  Timestamp now, std::size_t limit);

// Calls visit(rows) for all rows of the table that fall due at some time, 500 at a time. Ends with the first error. Blocks.
Status visit_scheduled(Store& store, const Table& table,
                       const std::function<Status(const std::vector<Row>&)>& visit);

// Calls take_up(row) for those of the table that are due and that the filters take, 50 at most, the longest due first; where some of
// them cannot be taken up, for the next 50 too, ten times at most. Whoever takes one up does so in a transaction of its own that looks
// at the row again, so that any number of workers may do this at once. How many were taken up; an error when one could not be, after
// the others had their turn unless the store itself is the trouble. Blocks.
Result<int> take_up_due(Store& store, const Table& table, std::vector<ColumnFilter> filters, Timestamp now,
                        const std::function<Status(const Row&)>& take_up);

}  // namespace penstock
