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
};

// Selects stored_columns(table); a row without a time in newest_first is not listed. Errors are `invalid`: a
// filter on a column that is not there or is json, or with a value of another type.
Result<ListStatement> list_statement(const Table& table, const ListQuery& query);

}  // namespace penstock::sql
