#include "common/adapters/postgres/statements.h"

#include "common/adapters/sql/text.h"
#include "common/core/check.h"

namespace penstock::postgres {
namespace {

std::string_view word(Operation operation) {
  switch (operation) {
    case Operation::read:
      return "read ";
    case Operation::load:
      return "load ";
    case Operation::load_free:
      return "load free ";
    case Operation::insert:
      return "insert ";
    case Operation::update:
      return "update ";
  }
  CHECK(false);
}

std::string arrays_text(std::size_t columns) {
  std::string text = "unnest(";
  for (std::size_t n = 1; n <= columns; ++n) text.append(n == 1 ? "$" : ", $").append(std::to_string(n));
  return text + ")";
}

std::vector<Oid> array_types(const std::vector<Column>& columns) {
  std::vector<Oid> types;
  for (const auto& column : columns) types.push_back(array_oid_of(column.type));
  return types;
}

Statement select_statement(Operation operation, const Table& table) {
  const std::string key = sql::quoted(sql::key_name(table));
  std::string text = "SELECT " + sql::column_list(sql::stored_columns(table)) + " FROM " +
                     sql::quoted(table.name) + " WHERE " + key + " = ANY($1)";
  if (operation != Operation::read && table.mode == WriteMode::guarded && !table.shared)
    text += " ORDER BY " + key + " FOR UPDATE";
  if (operation == Operation::load_free) text += " SKIP LOCKED";
  return {statement_name(operation, table), std::move(text), {array_oid_of(ColumnType::text)}};
}

Statement insert_statement(const Table& table) {
  const auto columns = sql::stored_columns(table);
  std::string text = "INSERT INTO " + sql::quoted(table.name) + " (" + sql::column_list(columns) +
                     ") SELECT * FROM " + arrays_text(columns.size());
  if (table.mode == WriteMode::insert_once) text += " ON CONFLICT DO NOTHING";
  return {statement_name(Operation::insert, table), std::move(text), array_types(columns)};
}

// The partition column is equal for equal keys, and leads straight to the partition.
std::string same_row(const Table& table) {
  const auto equal = [](std::string_view column) {
    return "old." + sql::quoted(column) + " = new." + sql::quoted(column);
  };
  std::string text = equal(sql::key_name(table)) + " AND old.rev = new.rev - 1";
  if (!table.partitioned_by.empty()) text += " AND " + equal(table.partitioned_by);
  return text;
}

Statement amend_statement(const Table& table) {
  const auto columns = sql::stored_columns(table);
  const std::string key = sql::quoted(sql::key_name(table));
  std::string text = "UPDATE " + sql::quoted(table.name) + " AS old SET " + sql::update_list(table, "new") +
                     " FROM " + arrays_text(columns.size()) + " AS new (" + sql::column_list(columns) +
                     ") WHERE old." + key + " = new." + key;
  return {statement_name(Operation::update, table), std::move(text), array_types(columns)};
}

Statement update_statement(const Table& table) {
  if (table.mode == WriteMode::amend) return amend_statement(table);
  const auto columns = sql::stored_columns(table);
  std::string text = "WITH written AS (UPDATE " + sql::quoted(table.name) + " AS old SET " +
                     sql::update_list(table, "new") + " FROM " + arrays_text(columns.size()) + " AS new (" +
                     sql::column_list(columns) + ") WHERE " + same_row(table) +
                     " RETURNING 1) SELECT penstock_expect(count(*), $" + std::to_string(columns.size() + 1) +
                     ") FROM written";
  auto types = array_types(columns);
  types.push_back(oid_of(ColumnType::integer));
  return {statement_name(Operation::update, table), std::move(text), std::move(types)};
}

}  // namespace

std::string statement_name(Operation operation, const Table& table) {
  return std::string(word(operation)).append(table.name);
}

Statement make_statement(Operation operation, const Table& table) {
  switch (operation) {
    case Operation::read:
    case Operation::load:
    case Operation::load_free:
      return select_statement(operation, table);
    case Operation::insert:
      return insert_statement(table);
    case Operation::update:
      return update_statement(table);
  }
  CHECK(false);
}

}  // namespace penstock::postgres
