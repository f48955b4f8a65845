#include "common/adapters/postgres/schema.h"

#include <libpq-fe.h>

#include <charconv>

#include "common/adapters/sql/schema.h"
#include "schemas/embedded.h"

namespace penstock::postgres {
namespace {

using std::chrono::floor;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr const std::string_view* kMigrations[] = {&schemas::kPostgres0001, &schemas::kPostgres0002,
                                                   &schemas::kPostgres0003, &schemas::kPostgres0004};

// The lock's number is arbitrary, and the same in every program that migrates.
constexpr const char* kBeginMigration =
    "BEGIN; SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '1min';"
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

Status run(Connection& connection, const std::string& sql, Timestamp at) {
  Parameters parameters;
  parameters.add(ColumnType::timestamp, to_unix_ms(at));
  connection.send(sql, parameters);
  TRY_STATUS(connection.exchange());
  return ok();
}

// In pieces, so that no statement is long.
Status delete_from_default(Connection& connection, Timestamp cutoff) {
  constexpr const char* kDelete =
      "WITH gone AS (DELETE FROM inbox_default WHERE ctid = ANY(ARRAY("
      "  SELECT ctid FROM inbox_default WHERE event_created < $1 LIMIT 5000)) RETURNING 1)"
      "SELECT count(*) FROM gone";
  while (true) {
    Parameters parameters;
    parameters.add(ColumnType::timestamp, to_unix_ms(cutoff));
    connection.send(kDelete, parameters);
    TRY(const auto results, connection.exchange());
    TRY(const auto count, read_cell(ColumnType::integer, results.front().get(), 0, 0));
    if (count == Cell{std::int64_t{0}}) return ok();
  }
}

}  // namespace

Status migrate(const PostgresOptions& options) {
  TRY(const auto connection, connect(options));
  TRY_STATUS(execute(connection.get(), kBeginMigration));
  TRY(const std::int64_t stored, stored_version(connection.get()));
  TRY(const auto files, sql::pending(stored, kMigrations));
  std::int64_t version = stored;
  for (const auto* file : files) {
    TRY_STATUS(apply(connection.get(), ++version, *file));
  }
  TRY_STATUS(execute(connection.get(), "COMMIT"));
  return ok();
}

Status check_schema(Connection& connection) {
  connection.send(kVersionQuery);
  const auto results = connection.exchange();
  if (!results && results.error().code == ErrorCode::wrong_schema) return sql::check_version(0, kMigrations);
  if (!results) return results.error();
  TRY(const auto version, read_cell(ColumnType::integer, results.value().front().get(), 0, 0));
  return sql::check_version(std::get<std::int64_t>(version), kMigrations);
}

Result<std::string> read_store_id(Connection& connection) {
  connection.send("SELECT id FROM penstock_store");
  TRY(const auto results, connection.exchange());
  if (PQntuples(results.front().get()) != 1)
    return Error{ErrorCode::wrong_schema, Retry::safe, "the store has no id: run: penstock-admin migrate"};
  TRY(auto id, read_cell(ColumnType::text, results.front().get(), 0, 0));
  return std::get<std::string>(std::move(id));
}

Status maintain(Connection& connection, Timestamp now, Milliseconds inbox_age) {
  const Timestamp cutoff = now - inbox_age;
  TRY_STATUS(run(connection, "SELECT penstock_drop_inbox_before($1)", cutoff));
  TRY_STATUS(delete_from_default(connection, cutoff));
  const year_month last = month_of(now) + months{1};
  for (year_month month = month_of(cutoff); month <= last; month += months{1}) {
    TRY_STATUS(run(connection, "SELECT penstock_add_inbox_month($1)", sys_days{month / 1}));
  }
  return ok();
}

}  // namespace penstock::postgres
