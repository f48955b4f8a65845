// A bounded pool of connections, opened when needed and kept.
#pragma once

#include <condition_variable>
#include <mutex>

#include "common/adapters/postgres/connection.h"

namespace penstock::postgres {

class Pool;

// A connection of the pool for as long as this lives. Goes back unless it is lost or in a transaction.
class Lease {
 public:
  Lease(Pool& pool, std::unique_ptr<Connection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  Connection* operator->() const noexcept { return connection_.get(); }
  Connection& operator*() const noexcept { return *connection_; }

 private:
  Pool* pool_;
  std::unique_ptr<Connection> connection_;
};

// Any thread. Leases must be gone before the pool.
class Pool {
 public:
  explicit Pool(PostgresOptions options) : options_(std::move(options)) {}

  // Blocks for connection_wait, then for the connect timeout if one must be opened. Errors: overloaded (all
  // are in use), unavailable; both safe.
  Result<Lease> acquire();

  const PostgresOptions& options() const noexcept { return options_; }

 private:
  friend class Lease;
  std::unique_ptr<Connection> take_idle();
  void give_back(std::unique_ptr<Connection> connection) noexcept;

  const PostgresOptions options_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t in_use_ = 0;
};

}  // namespace penstock::postgres
