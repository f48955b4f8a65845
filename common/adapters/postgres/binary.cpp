#include "common/adapters/postgres/binary.h"

#include <libpq-fe.h>

#include <bit>
#include <chrono>
#include <cstring>
#include <limits>

#include "common/core/check.h"

namespace penstock::postgres {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

struct TypeOids {
  Oid element;
  Oid array;
};

constexpr TypeOids oids_of(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::text:
      return {25, 1009};
    case ColumnType::integer:
      return {20, 1016};
    case ColumnType::boolean:
      return {16, 1000};
    case ColumnType::timestamp:
      return {1184, 1185};
    case ColumnType::json:
      return {114, 199};
  }
  return {0, 0};
}

// Timestamps are microseconds since 2000.
constexpr std::int64_t kEpochMs = Timestamp{sys_days{year{2000} / 1 / 1}}.time_since_epoch().count();
constexpr std::int64_t kTimeInfinity = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kTimeMinusInfinity = std::numeric_limits<std::int64_t>::min();

template <class Unsigned>
void put_big_endian(char* out, Unsigned value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof value == 4)
    value = __builtin_bswap32(value);
  else
    value = __builtin_bswap64(value);
  std::memcpy(out, &value, sizeof value);
}

std::int64_t get_int64(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return std::bit_cast<std::int64_t>(__builtin_bswap64(value));
}

Error corrupt(int column) {
  return {ErrorCode::corrupt, "postgres: unreadable value in result column " + std::to_string(column)};
}

std::int64_t ms_from_postgres(std::int64_t us) {
  const std::int64_t ms = us >= 0 ? us / 1000 : -((-us + 999) / 1000);
  return ms + kEpochMs;
}

// Of a value that is not NULL.
std::size_t bytes_of(const sql::CellView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->size();
  return std::holds_alternative<bool>(value) ? 1 : sizeof(std::int64_t);
}

Result<std::vector<Cell>> read_stored(const std::vector<Column>& columns, const pg_result* result, int row) {
  std::vector<Cell> stored;
  stored.reserve(columns.size());
  for (std::size_t at = 0; at < columns.size(); ++at) {
    TRY(auto cell, read_cell(columns[at].type, result, row, static_cast<int>(at)));
    stored.push_back(std::move(cell));
  }
  return stored;
}

}  // namespace

Oid oid_of(ColumnType type) noexcept { return oids_of(type).element; }
Oid array_oid_of(ColumnType type) noexcept { return oids_of(type).array; }

void Parameters::put_int32(std::int32_t value) {
  char bytes[4];
  put_big_endian(bytes, static_cast<std::uint32_t>(value));
  buffer_.append(bytes, sizeof bytes);
}

void Parameters::put_int64(std::int64_t value) {
  char bytes[8];
  put_big_endian(bytes, static_cast<std::uint64_t>(value));
  buffer_.append(bytes, sizeof bytes);
}

void Parameters::put_array_header(Oid element, std::size_t count) {
  put_int32(1);  // dimensions
  put_int32(1);  // may hold NULL
  put_int32(static_cast<std::int32_t>(element));
  put_int32(static_cast<std::int32_t>(count));
  put_int32(1);  // the first index
}

void Parameters::put_value(ColumnType type, const sql::CellView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    buffer_.append(*text);
  } else if (const auto* boolean = std::get_if<bool>(&value)) {
    buffer_.append(1, *boolean ? '\1' : '\0');
  } else {
    const std::int64_t integer = std::get<std::int64_t>(value);
    put_int64(type == ColumnType::timestamp ? (integer - kEpochMs) * 1000 : integer);
  }
}

void Parameters::put_element(ColumnType type, const sql::CellView& value) {
  if (std::holds_alternative<std::monostate>(value)) return put_int32(-1);
  put_int32(static_cast<std::int32_t>(bytes_of(value)));
  put_value(type, value);
}

void Parameters::add(ColumnType type, const sql::CellView& value) {
  const std::size_t at = buffer_.size();
  const bool null = std::holds_alternative<std::monostate>(value);
  if (!null) put_value(type, value);
  slots_.push_back({oid_of(type), at, buffer_.size() - at, null});
}

void Parameters::add_keys(std::span<const std::string> keys) {
  const std::size_t at = buffer_.size();
  put_array_header(oid_of(ColumnType::text), keys.size());
  for (const auto& key : keys) put_element(ColumnType::text, std::string_view(key));
  slots_.push_back({array_oid_of(ColumnType::text), at, buffer_.size() - at, false});
}

void Parameters::add_column(const Table& table, ColumnType type, std::size_t at,
                            std::span<const Row* const> rows) {
  const std::size_t start = buffer_.size();
  put_array_header(oid_of(type), rows.size());
  for (const Row* row : rows) put_element(type, sql::stored_cell(table, *row, at));
  slots_.push_back({array_oid_of(type), start, buffer_.size() - start, false});
}

Parameters::Arrays Parameters::arrays() const {
  Arrays arrays;
  for (const auto& slot : slots_) {
    CHECK(slot.bytes <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    arrays.types.push_back(slot.type);
    arrays.values.push_back(slot.null ? nullptr : buffer_.data() + slot.at);
    arrays.lengths.push_back(static_cast<int>(slot.bytes));
    arrays.formats.push_back(1);
  }
  return arrays;
}

Result<Cell> read_cell(ColumnType type, const pg_result* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return Cell{};
  const char* bytes = PQgetvalue(result, row, column);
  const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
  switch (type) {
    case ColumnType::text:
    case ColumnType::json:
      return Cell{std::string(bytes, length)};
    case ColumnType::boolean:
      if (length != 1) return corrupt(column);
      return Cell{*bytes != 0};
    case ColumnType::integer:
      if (length != 8) return corrupt(column);
      return Cell{get_int64(bytes)};
    case ColumnType::timestamp: {
      if (length != 8) return corrupt(column);
      const std::int64_t us = get_int64(bytes);
      if (us == kTimeInfinity || us == kTimeMinusInfinity) return corrupt(column);
      return Cell{ms_from_postgres(us)};
    }
  }
  CHECK(false);
}

Result<std::vector<Row>> read_rows(const Table& table, const pg_result* result) {
  const auto columns = sql::stored_columns(table);
  CHECK(PQnfields(result) == static_cast<int>(columns.size()));
  for (std::size_t at = 0; at < columns.size(); ++at)
    if (PQftype(result, static_cast<int>(at)) != oid_of(columns[at].type))
      return Error{ErrorCode::wrong_schema, "postgres: column " + std::string(columns[at].name) + " of " +
                                                std::string(table.name) +
                                                " has another type: run: penstock-admin migrate"};
  std::vector<Row> rows;
  rows.reserve(static_cast<std::size_t>(PQntuples(result)));
  for (int row = 0; row < PQntuples(result); ++row) {
    TRY(auto stored, read_stored(columns, result, row));
    rows.push_back(sql::row_from_stored(table, std::move(stored)));
  }
  return rows;
}

}  // namespace penstock::postgres
