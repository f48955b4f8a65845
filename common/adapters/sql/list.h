// ListQuery as one SELECT that PostgreSQL and SQLite both take. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/ports/store.h"

namespace penstock::sql {

struct Parameter {
  ColumnType type;
  Cell value;
};

// Parameters are $1, $2, … in the order of their first use, which is also how SQLite numbers them.
struct ListStatement {
  std::string text;
  std::vector<Parameter> parameters;
  bool follows_index =
      false;  // one of the table's indexes has the rows in this order: nothing need be sorted
};

// Selects stored_columns(table); a row without a time in newest_first is not listed. Errors are `invalid`: a
// filter on a column that is not there or is json, or with a value of another type, or an `only` of no index.
//
// Where an index of the table fits, the statement is bounded by rows of that index's columns on either side
// and ordered by all of them, its own column included. No other index has this order, so neither store is led
// to scan one in the hope of finding enough rows soon.
Result<ListStatement> list_statement(const Table& table, const ListQuery& query);

// The statement of Store::key_scopes. `scope_of_found` is an SQL expression: the scope of the key `found`.
ListStatement key_scopes_statement(const Table& table, std::size_t limit, std::string_view scope_of_found);

}  // namespace penstock::sql
