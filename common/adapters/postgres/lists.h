// Lists on PostgreSQL: the statements of common/adapters/sql, with what they need of the planner.
#pragma once

#include "common/adapters/postgres/connection.h"
#include "common/adapters/sql/list.h"

namespace penstock::postgres {

// One round trip. Errors as Connection::exchange().
Result<ResultHandle> run_list(Connection& connection, const sql::ListStatement& statement);

}  // namespace penstock::postgres
