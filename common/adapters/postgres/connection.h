// One libpq connection in pipeline mode: statements are queued, then exchanged in one round trip.
//
// Used by one thread at a time. Every wait is bounded: by the server's timeouts, which open()
// sets, and by a reply deadline for a server that has stopped answering.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/adapters/postgres/binary.h"
#include "common/adapters/postgres/store.h"

struct pg_conn;

namespace penstock::postgres {

struct CloseConnection {
  void operator()(pg_conn* connection) const noexcept;
};
struct ClearResult {
  void operator()(pg_result* result) const noexcept;
};
using ConnectionHandle = std::unique_ptr<pg_conn, CloseConnection>;
using ResultHandle = std::unique_ptr<pg_result, ClearResult>;

// Not in pipeline mode, so that it takes files of several statements, and with the server's own settings:
// none of the options' timeouts but that of connecting, for which it blocks at most. Errors: unavailable.
Result<ConnectionHandle> connect(const PostgresOptions& options);

// Runs one or more statements without parameters on a connection that is not in pipeline mode. Blocks until
// the last is done.
Result<ResultHandle> execute(pg_conn* connection, const std::string& sql);

// A statement that a connection prepares once, under its name.
struct Statement {
  std::string name;
  std::string text;
  std::vector<Oid> types;
};

class Connection {
 public:
  // Blocks for the connect timeout and one round trip. Errors as exchange().
  static Result<std::unique_ptr<Connection>> open(const PostgresOptions& options);

  // For statements that stay the same: prepares what is not yet. One round trip if so. Errors as exchange().
  Status prepare(const Statement& statement);
  bool prepared(std::string_view name) const { return prepared_.contains(name); }

  // Queue a statement; does not wait for the server.
  void send(const std::string& sql) { send(sql, Parameters{}); }
  void send(const std::string& sql, const Parameters& parameters);
  void send_prepared(const std::string& name, const Parameters& parameters);

  // Sends as much of what is queued as the socket takes, so that the server begins. Does not wait.
  void push() noexcept;

  // Waits for the answers to all that was queued since the last exchange: one result each, or the first
  // error; after an error the rest has not run. Errors: those of SQLSTATEs, unavailable (the connection is
  // lost), timeout (also when the server has been silent for so long; then it is lost, too).
  Result<std::vector<ResultHandle>> exchange() { return exchange(reply_timeout_); }
  Result<std::vector<ResultHandle>> exchange(Milliseconds reply_timeout);

  // The connection is of no more use.
  bool lost() const noexcept { return lost_; }
  // Neither lost nor in a transaction, and the server has not said goodbye.
  bool reusable() const noexcept;
  bool in_transaction() const noexcept;

 private:
  Connection(ConnectionHandle handle, Milliseconds reply_timeout)
      : handle_(std::move(handle)), reply_timeout_(reply_timeout) {}

  Error lose(ErrorCode code);
  Status wait_for_reply(Milliseconds timeout);
  Result<ResultHandle> next_result(Milliseconds timeout);
  void note_sent(int sent) noexcept;

  ConnectionHandle handle_;
  Milliseconds reply_timeout_;
  std::set<std::string, std::less<>> prepared_;
  std::size_t queued_ = 0;
  bool lost_ = false;
};

}  // namespace penstock::postgres
