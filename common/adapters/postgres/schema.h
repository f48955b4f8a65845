// The schema of the PostgreSQL store: versions, and the inbox's monthly partitions.
#pragma once

#include "common/adapters/postgres/pool.h"

namespace penstock::postgres {

// In one transaction on a connection of its own; others that migrate wait for it.
Status migrate(const PostgresOptions& options);
Status check_schema(Connection& connection);
Result<std::string> read_store_id(Connection& connection);

// As StoreAdmin::maintain(). Adds the inbox's partitions from `now - inbox_age` until the end of next month. What
// is old goes by whole partitions where that can be, else in pieces.
struct Maintenance {
  Timestamp now;
  Milliseconds inbox_age{};
  int pieces_max = 0;
};
Result<bool> maintain(Connection& connection, const Maintenance& maintenance);

// As StoreAdmin::prune_outbound().
Result<bool> prune_outbound(Connection& connection, Timestamp events_before, Timestamp attempts_before);

}  // namespace penstock::postgres
