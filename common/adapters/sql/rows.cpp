#include "common/adapters/sql/rows.h"

#include <algorithm>

#include "common/core/check.h"

namespace penstock::sql {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr std::int64_t kTimestampMin = Timestamp{sys_days{year{1} / 1 / 1}}.time_since_epoch().count();
constexpr std::int64_t kTimestampEnd = Timestamp{sys_days{year{10000} / 1 / 1}}.time_since_epoch().count();

// Far below what a field of either database takes, and above what our rows grow to.
constexpr std::size_t kRowBytesMax = 64 << 20;

constexpr Column kGuardedColumns[] = {{"rev", ColumnType::integer},
                                      {"created_at", ColumnType::timestamp},
                                      {"updated_at", ColumnType::timestamp},
                                      {"updated_by", ColumnType::text}};
constexpr Column kInsertedColumns[] = {{"created_at", ColumnType::timestamp}};

std::span<const Column> added_columns(WriteMode mode) {
  switch (mode) {
    case WriteMode::guarded:
      return kGuardedColumns;
    case WriteMode::insert_once:
    case WriteMode::insert_new:
      return kInsertedColumns;
    case WriteMode::amend:
      return {};
  }
  CHECK(false);
}

CellView guarded_cell(const Row& row, std::size_t at) {
  switch (at) {
    case 0:
      return row.rev + 1;
    case 1:
      return to_unix_ms(row.stamp.created_at);
    case 2:
      return to_unix_ms(row.stamp.updated_at);
    case 3:
      return std::string_view(row.stamp.updated_by);
    default:
      CHECK(false);
  }
}

Error invalid_row(const Table& table, std::string_view column, std::string_view why) {
  std::string detail = "table ";
  detail.append(table.name).append(", column ").append(column).append(": ").append(why);
  return {ErrorCode::invalid, std::move(detail)};
}

Status check_row(const Table& table, const std::vector<Column>& columns, const Row& row) {
  if (row.cells.size() != table.columns.size()) return invalid_row(table, "*", "wrong number of cells");
  if (!std::holds_alternative<std::string>(row.cells.front()))
    return invalid_row(table, key_name(table), "the key is not text");
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    const CellView value = stored_cell(table, row, at);
    if (!fits(columns[at].type, value))
      return invalid_row(table, columns[at].name, "the value does not fit the column's type");
    if (const auto* text = std::get_if<std::string_view>(&value)) bytes += text->size();
  }
  if (bytes > kRowBytesMax) return invalid_row(table, "*", "the row is larger than a store takes");
  return ok();
}

}  // namespace

std::vector<Column> stored_columns(const Table& table) {
  std::vector<Column> columns(table.columns.begin(), table.columns.end());
  const auto added = added_columns(table.mode);
  columns.insert(columns.end(), added.begin(), added.end());
  return columns;
}

CellView stored_cell(const Table& table, const Row& row, std::size_t at) {
  if (at < table.columns.size()) return view_of(row.cells[at]);
  if (table.mode == WriteMode::guarded) return guarded_cell(row, at - table.columns.size());
  return to_unix_ms(row.stamp.created_at);
}

Row row_from_stored(const Table& table, std::vector<Cell> stored) {
  const std::size_t described = table.columns.size();
  CHECK(stored.size() == described + added_columns(table.mode).size());
  Row row;
  const auto time = [&](std::size_t at) {
    const auto* ms = std::get_if<std::int64_t>(&stored[at]);
    return ms == nullptr ? Timestamp{} : timestamp_from_unix_ms(*ms);
  };
  if (table.mode == WriteMode::guarded) {
    if (const auto* rev = std::get_if<std::int64_t>(&stored[described])) row.rev = *rev;
    row.stamp.created_at = time(described + 1);
    row.stamp.updated_at = time(described + 2);
    if (auto* by = std::get_if<std::string>(&stored[described + 3])) row.stamp.updated_by = std::move(*by);
  } else if (table.mode != WriteMode::amend) {
    row.stamp.created_at = time(described);
  }
  stored.resize(described);
  row.cells = std::move(stored);
  return row;
}

Result<std::vector<const Row*>> writable_rows(const Table& table, const std::vector<Row>& rows) {
  const auto columns = stored_columns(table);
  std::vector<const Row*> sorted;
  sorted.reserve(rows.size());
  for (const auto& row : rows) {
    TRY_STATUS(check_row(table, columns, row));
    sorted.push_back(&row);
  }
  const auto by_key = [](const Row* a, const Row* b) { return key_of(*a) < key_of(*b); };
  if (!std::is_sorted(sorted.begin(), sorted.end(), by_key))
    std::stable_sort(sorted.begin(), sorted.end(), by_key);
  const auto same_key = [](const Row* a, const Row* b) { return key_of(*a) == key_of(*b); };
  const auto repeated = std::unique(sorted.begin(), sorted.end(), same_key);
  if (repeated != sorted.end() && table.mode != WriteMode::insert_once)
    return invalid_row(table, key_name(table), "one key twice");
  sorted.erase(repeated, sorted.end());
  return sorted;
}

bool fits(ColumnType type, const CellView& value) noexcept {
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (type) {
    case ColumnType::text:
    case ColumnType::json:
      return std::holds_alternative<std::string_view>(value);
    case ColumnType::integer:
      return std::holds_alternative<std::int64_t>(value);
    case ColumnType::boolean:
      return std::holds_alternative<bool>(value);
    case ColumnType::timestamp: {
      const auto* ms = std::get_if<std::int64_t>(&value);
      return ms != nullptr && *ms >= kTimestampMin && *ms < kTimestampEnd;
    }
  }
  return false;
}

CellView view_of(const Cell& cell) noexcept {
  if (const auto* text = std::get_if<std::string>(&cell)) return std::string_view(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (const auto* boolean = std::get_if<bool>(&cell)) return *boolean;
  return std::monostate{};
}

}  // namespace penstock::sql
