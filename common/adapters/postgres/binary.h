// Cells in PostgreSQL's binary format: parameters to a statement, and results back.
//
// Formats: src/backend/utils/adt/{arrayfuncs,timestamp}.c and the type OIDs of
// src/include/catalog/pg_type.dat.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/adapters/sql/rows.h"
#include "common/ports/store.h"

struct pg_result;

namespace penstock::postgres {

using Oid = unsigned int;

Oid oid_of(ColumnType type) noexcept;
Oid array_oid_of(ColumnType type) noexcept;

// The parameters of one statement, all bytes in one buffer.
class Parameters {
 public:
  void add(ColumnType type, const sql::CellView& value);
  void add_keys(std::span<const std::string> keys);
  // Column `at` of sql::stored_columns(table) over all rows, as an array.
  void add_column(const Table& table, ColumnType type, std::size_t at, std::span<const Row* const> rows);

  // As PQsendQueryPrepared wants them; valid until the next add.
  struct Arrays {
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
  };
  Arrays arrays() const;

 private:
  struct Slot {
    Oid type;
    std::size_t at;
    std::size_t bytes;
    bool null;
  };
  void put_int32(std::int32_t value);
  void put_int64(std::int64_t value);
  void put_array_header(Oid element, std::size_t count);
  void put_element(ColumnType type, const sql::CellView& value);
  void put_value(ColumnType type, const sql::CellView& value);

  std::string buffer_;
  std::vector<Slot> slots_;
};

// All rows of a binary result whose columns are sql::stored_columns(table). Errors: wrong_schema (a column
// has another type), corrupt (a value that no cell can hold).
Result<std::vector<Row>> read_rows(const Table& table, const pg_result* result);

// One value of a binary result, checked likewise.
Result<Cell> read_cell(ColumnType type, const pg_result* result, int row, int column);

}  // namespace penstock::postgres
