// How the rows of a described table lie in a SQL database: what both SQL stores must agree on.
//
// The columns of a stored row are the described ones, then those that its mode
// adds (common/ports/store.h). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/ports/store.h"

namespace penstock::sql {

// A cell without a copy of its text; valid while the row lives.
using CellView = std::variant<std::monostate, std::int64_t, bool, std::string_view>;

inline std::string_view key_name(const Table& table) { return table.columns.front().name; }
inline const std::string& key_of(const Row& row) { return std::get<std::string>(row.cells.front()); }

std::vector<Column> stored_columns(const Table& table);

// The cell that column `at` of stored_columns() is to hold. rev is already counted up.
CellView stored_cell(const Table& table, const Row& row, std::size_t at);

// The row from the cells of all stored columns. The cells are of their columns' types.
Row row_from_stored(const Table& table, std::vector<Cell> stored);

// The rows in key order, so that all batches lock in one order; of one key twice, an insert_once table takes
// the first. Errors are `invalid`: a wrong number of cells, a cell of another type than its column, no key, a
// time outside the years 0001 to 9999, more than 64 MiB of text and JSON, or one key twice in another table.
Result<std::vector<const Row*>> writable_rows(const Table& table, const std::vector<Row>& rows);

// Is the value null or of that type, and can both databases hold it?
bool fits(ColumnType type, const CellView& value) noexcept;
CellView view_of(const Cell& cell) noexcept;

}  // namespace penstock::sql
