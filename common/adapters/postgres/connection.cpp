#include "common/adapters/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <optional>

#include "common/adapters/sql/errors.h"
#include "common/core/check.h"

namespace penstock::postgres {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::string_view field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string_view{} : text;
}

// A row routed to the default partition while its own was being added: there next time. Only a CHECK of a
// table has a name.
bool is_partition_race(const PGresult* result) {
  return field_of(result, PG_DIAG_SQLSTATE) == "23514" && field_of(result, PG_DIAG_CONSTRAINT_NAME).empty();
}

Error error_of(const PGresult* result) {
  const std::string_view state = field_of(result, PG_DIAG_SQLSTATE);
  std::string detail = "postgres: ";
  detail.append(state).append(": ").append(field_of(result, PG_DIAG_MESSAGE_PRIMARY));
  if (is_partition_race(result)) return {ErrorCode::conflict, std::move(detail)};
  const ErrorCode code = sql::code_of_sqlstate(state);
  return {code, std::move(detail)};
}

bool is_error(const PGresult* result) {
  switch (PQresultStatus(result)) {
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR:
    case PGRES_PIPELINE_ABORTED:
      return true;
    default:
      return false;
  }
}

// libpq's messages end in a newline and may have several lines.
std::string one_line(std::string_view message) {
  std::string text(message.substr(0, message.find_last_not_of('\n') + 1));
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

Error connection_error(const PGconn* connection, ErrorCode code) {
  return {code, "postgres: " + one_line(PQerrorMessage(connection))};
}

std::string whole_seconds(Milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// A plan may be cached while its table is still small, and would keep scanning it when it has grown: batches
// only ever look up by key, so they never scan. Nor is any of our statements long enough to be worth
// compiling, which a plan that cannot do without what is switched off would be for its price alone.
std::array<std::string, 5> session_settings(const PostgresOptions& options) {
  return {"SET enable_seqscan = off", "SET jit = off",
          "SET statement_timeout = " + std::to_string(options.statement_timeout.count()),
          "SET lock_timeout = " + std::to_string(options.lock_timeout.count()),
          "SET idle_in_transaction_session_timeout = " +
              std::to_string(options.idle_in_transaction_timeout.count())};
}

// libpq would write what the server only remarks to stderr.
void ignore_notice(void*, const PGresult*) noexcept {}

// Above every timeout of the server, so that it only ends the wait for one that has stopped answering.
Milliseconds reply_timeout(const PostgresOptions& options) {
  return options.statement_timeout + options.tcp_user_timeout;
}

bool poll_until(int socket, short events, SteadyTime deadline) {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd descriptor{socket, events, 0};
  return left.count() > 0 && poll(&descriptor, 1, static_cast<int>(left.count())) != 0;
}

}  // namespace

void CloseConnection::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }
void ClearResult::operator()(pg_result* result) const noexcept { PQclear(result); }

Result<ConnectionHandle> connect(const PostgresOptions& options) {
  const std::string connect_timeout = whole_seconds(options.connect_timeout);
  const std::string tcp_user_timeout = std::to_string(options.tcp_user_timeout.count());
  const char* names[] = {"dbname",          "connect_timeout",           "tcp_user_timeout",
                         "client_encoding", "fallback_application_name", nullptr};
  const char* values[] = {
      options.url.c_str(), connect_timeout.c_str(), tcp_user_timeout.c_str(), "UTF8", "penstock", nullptr};
  ConnectionHandle handle(PQconnectdbParams(names, values, 1));
  if (handle == nullptr) return Error{ErrorCode::unavailable, "postgres: out of memory"};
  if (PQstatus(handle.get()) != CONNECTION_OK) return connection_error(handle.get(), ErrorCode::unavailable);
  PQsetNoticeReceiver(handle.get(), ignore_notice, nullptr);
  return handle;
}

Result<ResultHandle> execute(pg_conn* connection, const std::string& sql) {
  ResultHandle result(PQexec(connection, sql.c_str()));
  if (result == nullptr || PQstatus(connection) != CONNECTION_OK)
    return connection_error(connection, ErrorCode::unavailable);
  if (is_error(result.get())) return error_of(result.get());
  return result;
}

Result<std::unique_ptr<Connection>> Connection::open(const PostgresOptions& options) {
  TRY(auto handle, connect(options));
  const bool ready = PQsetnonblocking(handle.get(), 1) == 0 && PQenterPipelineMode(handle.get()) == 1;
  CHECK(ready);
  std::unique_ptr<Connection> connection(new Connection(std::move(handle), reply_timeout(options)));
  for (const auto& setting : session_settings(options)) connection->send(setting);
  TRY_STATUS(connection->exchange());
  return connection;
}

Status Connection::prepare(const Statement& statement) {
  if (prepared_.contains(statement.name)) return ok();
  CHECK(queued_ == 0);
  note_sent(PQsendPrepare(handle_.get(), statement.name.c_str(), statement.text.c_str(),
                          static_cast<int>(statement.types.size()), statement.types.data()));
  TRY_STATUS(exchange());
  prepared_.insert(statement.name);
  return ok();
}

void Connection::note_sent(int sent) noexcept {
  if (sent != 1) lost_ = true;
  ++queued_;
}

void Connection::send(const std::string& sql, const Parameters& parameters) {
  const auto arrays = parameters.arrays();
  note_sent(PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(arrays.types.size()),
                              arrays.types.data(), arrays.values.data(), arrays.lengths.data(),
                              arrays.formats.data(), 1));
}

void Connection::send_prepared(const std::string& name, const Parameters& parameters) {
  const auto arrays = parameters.arrays();
  note_sent(PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(arrays.types.size()),
                                arrays.values.data(), arrays.lengths.data(), arrays.formats.data(), 1));
}

void Connection::push() noexcept {
  if (PQflush(handle_.get()) < 0) lost_ = true;
}

Error Connection::lose(ErrorCode code) {
  lost_ = true;
  if (code == ErrorCode::timeout) return {code, "postgres: the server has stopped answering"};
  return connection_error(handle_.get(), code);
}

Status Connection::wait_for_reply(Milliseconds timeout) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  while (PQisBusy(handle_.get()) != 0) {
    const int unsent = PQflush(handle_.get());
    if (unsent < 0) return lose(ErrorCode::unavailable);
    const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    if (!poll_until(PQsocket(handle_.get()), events, deadline)) return lose(ErrorCode::timeout);
    if (PQconsumeInput(handle_.get()) == 0) return lose(ErrorCode::unavailable);
  }
  return ok();
}

Result<ResultHandle> Connection::next_result(Milliseconds timeout) {
  TRY_STATUS(wait_for_reply(timeout));
  return ResultHandle(PQgetResult(handle_.get()));
}

// In pipeline mode each statement's result is followed by a null one, and the sync point by none. What the
// server said before it hung up tells more than that it did.
Result<std::vector<ResultHandle>> Connection::exchange(Milliseconds timeout) {
  const std::size_t expected = std::exchange(queued_, 0);
  if (lost_ || PQpipelineSync(handle_.get()) != 1) return lose(ErrorCode::unavailable);
  std::vector<ResultHandle> results;
  std::optional<Error> first_error;
  for (bool synced = false; !synced;) {
    auto next = next_result(timeout);
    if (!next) return first_error.value_or(next.error());
    ResultHandle result = std::move(next).value();
    if (result == nullptr) {
      if (PQstatus(handle_.get()) == CONNECTION_OK) continue;
      const Error lost = lose(ErrorCode::unavailable);
      return first_error.value_or(lost);
    }
    synced = PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC;
    if (is_error(result.get()) && !first_error) first_error = error_of(result.get());
    if (!synced) results.push_back(std::move(result));
  }
  if (first_error) return *first_error;
  CHECK(results.size() == expected);
  return results;
}

bool Connection::in_transaction() const noexcept {
  return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE;
}

bool Connection::reusable() const noexcept {
  if (lost_ || in_transaction() || PQstatus(handle_.get()) != CONNECTION_OK) return false;
  pollfd descriptor{PQsocket(handle_.get()), POLLIN, 0};
  return poll(&descriptor, 1, 0) == 0;
}

}  // namespace penstock::postgres
