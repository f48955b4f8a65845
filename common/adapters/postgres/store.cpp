#include "common/adapters/postgres/store.h"

#include <libpq-fe.h>

#include <algorithm>
#include <utility>

#include "common/adapters/postgres/ledger.h"
#include "common/adapters/postgres/lists.h"
#include "common/adapters/postgres/pool.h"
#include "common/adapters/postgres/schema.h"
#include "common/adapters/postgres/statements.h"
#include "common/core/check.h"

namespace penstock {
namespace postgres {
namespace {

Status prepare(Connection& connection, Operation operation, const Table& table) {
  if (connection.prepared(statement_name(operation, table))) return ok();
  return connection.prepare(make_statement(operation, table));
}

void send_select(Connection& connection, Operation operation, const Table& table,
                 std::span<const std::string> keys) {
  Parameters parameters;
  parameters.add_keys(keys);
  connection.send_prepared(statement_name(operation, table), parameters);
}

void send_rows(Connection& connection, Operation operation, const Table& table,
               std::span<const Row* const> rows) {
  Parameters parameters;
  const auto columns = sql::stored_columns(table);
  for (std::size_t at = 0; at < columns.size(); ++at)
    parameters.add_column(table, columns[at].type, at, rows);
  if (operation == Operation::update && table.mode != WriteMode::amend)
    parameters.add(ColumnType::integer, static_cast<std::int64_t>(rows.size()));
  connection.send_prepared(statement_name(operation, table), parameters);
}

bool is_known(const Table& table, const Row& row) {
  return table.mode == WriteMode::amend || (table.mode == WriteMode::guarded && row.rev != 0);
}

Operation loading(const TableKeys& wanted) {
  CHECK(!wanted.only_free || (wanted.table->mode == WriteMode::guarded && !wanted.table->shared));
  return wanted.only_free ? Operation::load_free : Operation::load;
}

class Batch final : public StoreBatch {
 public:
  explicit Batch(Lease connection) : connection_(std::move(connection)) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  ~Batch() override {
    if (connection_->lost() || !connection_->in_transaction()) return;
    connection_->send("ROLLBACK");
    (void)connection_->exchange();  // a connection that did not roll back does not go back to the pool
  }

  Result<std::vector<TableRows>> load(std::span<const TableKeys> wanted) override {
    CHECK(!over_);
    for (const auto& each : wanted) {
      TRY_STATUS(prepare(*connection_, loading(each), *each.table));
    }
    const std::size_t first = send_begin();
    for (const auto& each : wanted) send_select(*connection_, loading(each), *each.table, each.keys);
    TRY(const auto results, connection_->exchange());
    std::vector<TableRows> answers;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      TRY(auto rows, read_rows(*wanted[i].table, results[first + i].get()));
      answers.push_back({wanted[i].table, std::move(rows)});
    }
    return answers;
  }

  // The server works on them while the next ones are made.
  Status write(const TableRows& rows) override {
    CHECK(!over_);
    over_ = true;  // unless it goes well
    TRY(auto fresh, sql::writable_rows(*rows.table, rows.rows));
    // An upsert would do for both, at almost twice the cost of a plain INSERT.
    const auto first_known = std::stable_partition(
        fresh.begin(), fresh.end(), [&](const Row* row) { return !is_known(*rows.table, *row); });
    const std::vector<const Row*> known(first_known, fresh.end());
    fresh.erase(first_known, fresh.end());
    TRY_STATUS(send_write(Operation::insert, *rows.table, fresh));
    TRY_STATUS(send_write(Operation::update, *rows.table, known));
    connection_->push();
    over_ = false;
    return ok();
  }

  using StoreBatch::commit;
  Status commit() override {
    CHECK(!over_);
    over_ = true;
    send_begin();
    connection_->send("COMMIT");
    return outcome(connection_->exchange());
  }

 private:
  // Rides along with the first statements. Returns how many results it adds.
  std::size_t send_begin() {
    if (std::exchange(begun_, true)) return 0;
    connection_->send("BEGIN");
    return 1;
  }

  Status send_write(Operation operation, const Table& table, const std::vector<const Row*>& rows) {
    if (rows.empty()) return ok();
    if (!connection_->prepared(statement_name(operation, table))) {
      TRY_STATUS(outcome(connection_->exchange()));  // what is queued goes first
      TRY_STATUS(connection_->prepare(make_statement(operation, table)));
    }
    send_begin();
    send_rows(*connection_, operation, table, rows);
    return ok();
  }

  Status outcome(Result<std::vector<ResultHandle>> results) const {
    if (results) return ok();
    return std::move(results).error();
  }

  Lease connection_;
  bool begun_ = false;
  bool over_ = false;
};

class PostgresStore final : public StoreAdapter {
 public:
  explicit PostgresStore(PostgresOptions options) : pool_(std::move(options)) {}

  Result<std::unique_ptr<StoreBatch>> begin() override {
    TRY(auto connection, pool_.acquire());
    return std::unique_ptr<StoreBatch>(std::make_unique<Batch>(std::move(connection)));
  }

  Result<std::vector<Row>> read(const Table& table, std::span<const std::string> keys) override {
    TRY(auto connection, pool_.acquire());
    TRY_STATUS(prepare(*connection, Operation::read, table));
    send_select(*connection, Operation::read, table, keys);
    TRY(const auto results, connection->exchange());
    return read_rows(table, results.front().get());
  }

  Result<std::vector<Row>> list(const Table& table, const ListQuery& query) override {
    TRY(const auto statement, sql::list_statement(table, query));
    TRY(auto connection, pool_.acquire());
    TRY(const auto result, run_list(*connection, statement));
    return read_rows(table, result.get());
  }

  Result<std::vector<std::vector<Row>>> lists(const Table& table,
                                              std::span<const ListQuery> queries) override {
    std::vector<sql::ListStatement> statements;
    for (const auto& query : queries) {
      TRY(auto statement, sql::list_statement(table, query));
      statements.push_back(std::move(statement));
    }
    std::vector<std::vector<Row>> lists;
    if (statements.empty()) return lists;
    TRY(auto connection, pool_.acquire());
    TRY(const auto results, run_lists(*connection, statements));
    for (const auto& result : results) {
      TRY(auto rows, read_rows(table, result.get()));
      lists.push_back(std::move(rows));
    }
    return lists;
  }

  Result<std::vector<std::string>> key_scopes(const Table& table, std::size_t limit) override {
    TRY(auto connection, pool_.acquire());
    TRY(const auto result,
        run_list(*connection, sql::key_scopes_statement(table, limit, "split_part(found, ':', 1)")));
    std::vector<std::string> scopes;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      TRY(auto scope, read_cell(ColumnType::text, result.get(), row, 0));
      scopes.push_back(std::get<std::string>(std::move(scope)));
    }
    return scopes;
  }

  Result<LedgerCheck> check_ledger() override {
    TRY(auto connection, pool_.acquire());
    return postgres::check_ledger(*connection);
  }

  Result<std::string> id() override {
    TRY(auto connection, pool_.acquire());
    return read_store_id(*connection);
  }

  Status migrate() override { return postgres::migrate(pool_.options()); }

  Status ready() override {
    TRY(auto connection, pool_.acquire());
    return check_schema(*connection);
  }

  Result<bool> prune_outbound(Timestamp events_before, Timestamp attempts_before) override {
    TRY(auto connection, pool_.acquire());
    return postgres::prune_outbound(*connection, events_before, attempts_before);
  }

  Result<bool> maintain(Timestamp now, Milliseconds inbox_age) override {
    TRY(auto connection, pool_.acquire());
    return postgres::maintain(*connection, {now, inbox_age, pool_.options().maintenance_pieces_max});
  }

 private:
  Pool pool_;
};

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

}  // namespace
}  // namespace postgres

Result<std::unique_ptr<StoreAdapter>> make_postgres_store(PostgresOptions options) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, postgres::FreeConninfo> parsed(
      PQconninfoParse(options.url.c_str(), &problem));
  const std::unique_ptr<char, decltype(&PQfreemem)> message(problem, PQfreemem);
  if (parsed == nullptr) return Error{ErrorCode::invalid, "the store's URL does not parse"};
  return std::unique_ptr<StoreAdapter>(std::make_unique<postgres::PostgresStore>(std::move(options)));
}

}  // namespace penstock
