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
    case Operation::write:
      return "write ";
  }
  CHECK(false);
}

std::string select_text(const Table& table, bool locked) {
  const std::string key = sql::quoted(sql::key_name(table));
  std::string text = "SELECT " + sql::column_list(sql::stored_columns(table)) + " FROM " + sql::quoted(table.name) +
                     " WHERE " + key + " = ANY($1)";
  if (locked) text += " ORDER BY " + key + " FOR UPDATE";
  return text;
}

std::string insert_text(const Table& table, std::size_t columns) {
  std::string arrays;
  for (std::size_t n = 1; n <= columns; ++n) arrays.append(n == 1 ? "$" : ", $").append(std::to_string(n));
  return "INSERT INTO " + sql::quoted(table.name) + " (" + sql::column_list(sql::stored_columns(table)) +
         ") SELECT * FROM unnest(" + arrays + ")";
}

std::string conflict_target(const Table& table) {
  std::string target = sql::quoted(sql::key_name(table));
  if (!table.partitioned_by.empty()) target += ", " + sql::quoted(table.partitioned_by);
  return " ON CONFLICT (" + target + ")";
}

std::string guarded_text(const Table& table, std::size_t columns) {
  return "WITH written AS (" + insert_text(table, columns) + conflict_target(table) + " DO UPDATE SET " +
         sql::update_list(table) + " WHERE " + sql::quoted(table.name) + ".rev = excluded.rev - 1 RETURNING 1)" +
         " SELECT penstock_expect(count(*), $" + std::to_string(columns + 1) + ") FROM written";
}

Statement write_statement(const Table& table) {
  Statement statement{statement_name(Operation::write, table), {}, {}};
  const auto columns = sql::stored_columns(table);
  for (const auto& column : columns) statement.types.push_back(array_oid_of(column.type));
  switch (table.mode) {
    case WriteMode::guarded:
      statement.text = guarded_text(table, columns.size());
      statement.types.push_back(oid_of(ColumnType::integer));
      break;
    case WriteMode::insert_once:
      statement.text = insert_text(table, columns.size()) + conflict_target(table) + " DO NOTHING";
      break;
    case WriteMode::insert_new:
      statement.text = insert_text(table, columns.size());
      break;
  }
  return statement;
}

}  // namespace

std::string statement_name(Operation operation, const Table& table) {
  return std::string(word(operation)).append(table.name);
}

Statement make_statement(Operation operation, const Table& table) {
  if (operation == Operation::write) return write_statement(table);
  const bool locked = operation == Operation::load && table.mode == WriteMode::guarded;
  return {statement_name(operation, table), select_text(table, locked), {array_oid_of(ColumnType::text)}};
}

}  // namespace penstock::postgres
