#include "common/adapters/postgres/schema.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/adapters/sql/pruning.h"
#include "common/adapters/sql/schema.h"
#include "schemas/embedded.h"

namespace penstock::postgres {
namespace {

using std::chrono::floor;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month;
using std::chrono::year_month_day;

// A large store is rewritten for as long as that takes, whatever the server limits others to; only the wait for
// others has an end. The lock's number is arbitrary, and the same in every program that migrates.
constexpr const char* kBeginMigration =
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '1min';"
    "SET LOCAL idle_in_transaction_session_timeout = '1min'; SET LOCAL enable_seqscan = on;"
    "SELECT pg_advisory_xact_lock(5784139);"
    "CREATE TABLE IF NOT EXISTS penstock_schema ("
    "  version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());";
constexpr const char* kVersionQuery = "SELECT coalesce(max(version), 0) FROM penstock_schema";

Result<std::int64_t> stored_version(pg_conn* connection) {
  TRY(const auto result, execute(connection, kVersionQuery));
  const std::string_view text = PQgetvalue(result.get(), 0, 0);
  std::int64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

Status apply(pg_conn* connection, std::int64_t version, std::string_view statements) {
  TRY_STATUS(execute(connection, std::string(statements)));
  TRY_STATUS(
      execute(connection, "INSERT INTO penstock_schema (version) VALUES (" + std::to_string(version) + ")"));
  return ok();
}

year_month month_of(Timestamp at) {
  const year_month_day date{floor<std::chrono::days>(at)};
  return date.year() / date.month();
}

// maintain() deletes in pieces of so many rows.
constexpr const char* kRowsOfPiece = "5000";
// Before anything was received.
constexpr Timestamp kFirst = sys_days{std::chrono::year{1} / 1 / 1};

// One month a transaction, so that its locks are held for no longer than that takes.
Result<bool> drop_month_before(Connection& connection, Timestamp cutoff) {
  Parameters parameters;
  parameters.add(ColumnType::timestamp, to_unix_ms(cutoff));
  connection.send("SELECT penstock_drop_inbox_month_before($1)", parameters);
  TRY(const auto results, connection.exchange());
  TRY(const auto dropped, read_cell(ColumnType::boolean, results.front().get(), 0, 0));
  return std::get<bool>(dropped);
}

// The partitions that are not dropped as a whole: those that others hold on to, and the default one.
Result<std::vector<std::string>> partitions_to_sweep(Connection& connection, Timestamp cutoff) {
  Parameters parameters;
  parameters.add(ColumnType::timestamp, to_unix_ms(cutoff));
  connection.send("SELECT penstock_inbox_months_before($1)", parameters);
  TRY(const auto results, connection.exchange());
  std::vector<std::string> partitions = {"inbox_default"};
  for (int row = 0; row < PQntuples(results.front().get()); ++row) {
    TRY(const auto name, read_cell(ColumnType::text, results.front().get(), row, 0));
    partitions.push_back(std::get<std::string>(name));
  }
  return partitions;
}

// Deletes one piece of the rows received from `from` until `until`, but those that are
// parked or in use; gives the time of the last one, nullopt when there was none. So each
// piece goes on where the last one ended.
Result<std::optional<Timestamp>> delete_piece(Connection& connection, const std::string& partition,
                                              Timestamp from, Timestamp until) {
  const std::string sql =
      "WITH piece AS (SELECT ctid, received_at FROM " + partition +
      " WHERE received_at >= $1 AND received_at < $2 AND outcome <> 'parked' ORDER BY received_at LIMIT " +
      kRowsOfPiece + " FOR UPDATE SKIP LOCKED), gone AS (DELETE FROM " + partition +
      " WHERE ctid = ANY(ARRAY(SELECT ctid FROM piece))) SELECT max(received_at) FROM piece";
  Parameters parameters;
  parameters.add(ColumnType::timestamp, to_unix_ms(from));
  parameters.add(ColumnType::timestamp, to_unix_ms(until));
  connection.send(sql, parameters);
  TRY(const auto results, connection.exchange());
  TRY(const auto last, read_cell(ColumnType::timestamp, results.front().get(), 0, 0));
  const auto* ms = std::get_if<std::int64_t>(&last);
  if (ms == nullptr) return std::optional<Timestamp>{};
  return std::optional(timestamp_from_unix_ms(*ms));
}

// True: there is more to delete.
Result<bool> delete_received_before(Connection& connection, Timestamp cutoff, int pieces) {
  TRY(const auto partitions, partitions_to_sweep(connection, cutoff));
  for (const std::string& partition : partitions) {
    for (std::optional<Timestamp> from = kFirst; from; --pieces) {
      if (pieces == 0) return true;
      TRY(from, delete_piece(connection, partition, *from, cutoff));
    }
  }
  return false;
}

// Rows of that month move out of the default partition. The inbox itself is locked first: who has learned of its
// partitions and then waits for the default one would see them in neither.
Status add_month(Connection& connection, Timestamp month) {
  Parameters parameters;
  parameters.add(ColumnType::timestamp, to_unix_ms(month));
  connection.send("SELECT to_regclass('inbox_' || to_char($1 AT TIME ZONE 'UTC', 'YYYY_MM')) IS NOT NULL",
                  parameters);
  TRY(const auto results, connection.exchange());
  TRY(const auto known, read_cell(ColumnType::boolean, results.front().get(), 0, 0));
  if (std::get<bool>(known)) return ok();
  for (const char* sql :
       {"BEGIN", "SET LOCAL lock_timeout = '1s'", "LOCK TABLE ONLY inbox IN ACCESS EXCLUSIVE MODE"})
    connection.send(sql);
  connection.send("SELECT penstock_add_inbox_month($1)", parameters);
  connection.send("COMMIT");
  TRY_STATUS(connection.exchange());
  return ok();
}

}  // namespace

Status migrate(const PostgresOptions& options) {
  TRY(const auto connection, connect(options));
  TRY_STATUS(execute(connection.get(), kBeginMigration));
  TRY(const std::int64_t stored, stored_version(connection.get()));
  TRY(const auto files, sql::pending(stored, schemas::postgres_migrations()));
  std::int64_t version = stored;
  for (const auto file : files) {
    TRY_STATUS(apply(connection.get(), ++version, file));
  }
  TRY_STATUS(execute(connection.get(), "COMMIT"));
  return ok();
}

Status check_schema(Connection& connection) {
  connection.send(kVersionQuery);
  const auto results = connection.exchange();
  if (!results && results.error().code == ErrorCode::wrong_schema)
    return sql::check_version(0, schemas::postgres_migrations());
  if (!results) return results.error();
  TRY(const auto version, read_cell(ColumnType::integer, results.value().front().get(), 0, 0));
  return sql::check_version(std::get<std::int64_t>(version), schemas::postgres_migrations());
}

Result<std::string> read_store_id(Connection& connection) {
  connection.send("SELECT id FROM penstock_store");
  TRY(const auto results, connection.exchange());
  if (PQntuples(results.front().get()) != 1)
    return Error{ErrorCode::wrong_schema, "the store has no id: run: penstock-admin migrate"};
  TRY(auto id, read_cell(ColumnType::text, results.front().get(), 0, 0));
  return std::get<std::string>(std::move(id));
}

Result<bool> maintain(Connection& connection, const Maintenance& maintenance) {
  const Timestamp cutoff = maintenance.now - maintenance.inbox_age;
  for (bool dropped = true; dropped;) {
    TRY(dropped, drop_month_before(connection, cutoff));
  }
  TRY(const bool more, delete_received_before(connection, cutoff, maintenance.pieces_max));
  const year_month last = month_of(maintenance.now) + months{1};
  for (year_month month = month_of(cutoff); month <= last; month += months{1}) {
    TRY_STATUS(add_month(connection, sys_days{month / 1}));
  }
  return more;
}

Result<bool> prune_outbound(Connection& connection, Timestamp events_before, Timestamp attempts_before) {
  connection.send("BEGIN");
  for (const auto& pruning : sql::kPrunings) {
    Parameters parameters;
    parameters.add(ColumnType::timestamp, to_unix_ms(pruning.of_attempts ? attempts_before : events_before));
    connection.send(std::string(pruning.text), parameters);
  }
  connection.send("COMMIT");
  TRY(const auto results, connection.exchange());
  return std::any_of(results.begin(), results.end(), [](const ResultHandle& result) {
    return PQntuples(result.get()) >= static_cast<int>(sql::kPrunedAtOnce);
  });
}

}  // namespace penstock::postgres
