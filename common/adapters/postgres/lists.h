// Lists on PostgreSQL: the statements of common/adapters/sql, with what they need of the planner.
#pragma once

#include <span>
#include <vector>

#include "common/adapters/postgres/connection.h"
#include "common/adapters/sql/list.h"

namespace penstock::postgres {

// One round trip, however many statements: a result for each. Errors as Connection::exchange().
Result<std::vector<ResultHandle>> run_lists(Connection& connection,
                                            std::span<const sql::ListStatement> statements);
Result<ResultHandle> run_list(Connection& connection, const sql::ListStatement& statement);

}  // namespace penstock::postgres
