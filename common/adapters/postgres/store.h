// The store on PostgreSQL 15 or later.
//
// A batch is one transaction (READ COMMITTED) on a connection of its own out of a bounded pool: one round
// trip for each load and one for all writes with their COMMIT, each table's rows as one set-based statement.
// Writes lock in key order within a table and in the caller's order of tables.
#pragma once

#include <memory>
#include <string>

#include "common/ports/store_adapter.h"

namespace penstock {

struct PostgresOptions {
  std::string url;  // postgresql://user:password@host:port/database; what libpq takes
  std::size_t connections_max = 4;
  Milliseconds connection_wait{5'000};  // for a free one of the pool; then overloaded
  Milliseconds connect_timeout{5'000};  // whole seconds, at least 2 (libpq)
  Milliseconds statement_timeout{30'000};
  Milliseconds lock_timeout{5'000};  // for a row or table that another transaction holds; then timeout
  Milliseconds idle_in_transaction_timeout{60'000};
  Milliseconds tcp_user_timeout{10'000};  // unacknowledged data: the connection counts as lost
  int maintenance_pieces_max = 50;        // of 5,000 rows, a run
};

// Connects when first used, and again after a connection was lost. Error: invalid (the URL does not parse).
// Batches must be gone before the store.
Result<std::unique_ptr<StoreAdapter>> make_postgres_store(PostgresOptions options);

}  // namespace penstock
