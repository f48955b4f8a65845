// The schema of the PostgreSQL store: versions, and the inbox's monthly partitions.
#pragma once

#include "common/adapters/postgres/pool.h"

namespace penstock::postgres {

// In one transaction on a connection of its own; others that migrate wait for it.
Status migrate(const PostgresOptions& options);
Status check_schema(Connection& connection);
Result<std::string> read_store_id(Connection& connection);

// Adds the inbox's partitions from `now - inbox_age` until the end of next month, and drops what is older.
Status maintain(Connection& connection, Timestamp now, Milliseconds inbox_age);

}  // namespace penstock::postgres
