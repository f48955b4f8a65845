#include "common/adapters/sqlite/store.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "common/adapters/sql/list.h"
#include "common/adapters/sql/pruning.h"
#include "common/adapters/sql/rows.h"
#include "common/adapters/sql/schema.h"
#include "common/adapters/sql/text.h"
#include "common/adapters/sqlite/sqlite.h"
#include "common/adapters/sqlite/store_ledger.h"
#include "common/core/check.h"
#include "common/core/utf8.h"
#include "common/json/value.h"
#include "schemas/embedded.h"

namespace penstock {
namespace sqlite {
namespace {

// What ready() wants to be free, and how long maintain() gives room back at a time.
constexpr std::size_t kRoomNeeded = 1 << 20;
constexpr Milliseconds kPieceTimeMax{10};

// Parked rows stay. From where the last piece ended, so that what stays is passed over once.
constexpr const char* kDeleteReceived =
    "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE received_at >= ? AND received_at < ? "
    "AND outcome <> 'parked' ORDER BY received_at LIMIT 500) RETURNING received_at";

std::string select_text(const Table& table) {
  return "SELECT " + sql::column_list(sql::stored_columns(table)) + " FROM " + sql::quoted(table.name) +
         " WHERE " + sql::quoted(sql::key_name(table)) + " = ?";
}

std::string on_conflict(const Table& table) {
  const std::string key = sql::quoted(sql::key_name(table));
  switch (table.mode) {
    case WriteMode::guarded:
      return " ON CONFLICT (" + key + ") DO UPDATE SET " + sql::update_list(table, "excluded") + " WHERE " +
             sql::quoted(table.name) + ".rev = excluded.rev - 1";
    case WriteMode::insert_once:
      return " ON CONFLICT (" + key + ") DO NOTHING";
    case WriteMode::insert_new:
    case WriteMode::amend:
      return {};
  }
  CHECK(false);
}

// Its parameters are numbered as the columns are.
std::string amend_text(const Table& table) {
  std::string sets;
  for (std::size_t at = 1; at < table.columns.size(); ++at)
    sets.append(sets.empty() ? "" : ", ")
        .append(sql::quoted(table.columns[at].name))
        .append(" = ?")
        .append(std::to_string(at + 1));
  return "UPDATE " + sql::quoted(table.name) + " SET " + sets + " WHERE " +
         sql::quoted(sql::key_name(table)) + " = ?1";
}

std::string write_text(const Table& table) {
  if (table.mode == WriteMode::amend) return amend_text(table);
  const auto columns = sql::stored_columns(table);
  std::string values = "?";
  for (std::size_t at = 1; at < columns.size(); ++at) values += ", ?";
  return "INSERT INTO " + sql::quoted(table.name) + " (" + sql::column_list(columns) + ") VALUES (" + values +
         ")" + on_conflict(table);
}

// What PostgreSQL would refuse is refused here too, so that both stores take the same rows.
bool is_storable(ColumnType type, const sql::CellView& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return true;
  if (type == ColumnType::json) return json::Document::parse(*text, json::kOwnLimits).has_value();
  return is_utf8(*text) && text->find('\0') == std::string_view::npos;
}

void bind_cell(Statement& statement, int parameter, const sql::CellView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value))
    statement.bind_text(parameter, *text);
  else if (const auto* integer = std::get_if<std::int64_t>(&value))
    statement.bind(parameter, *integer);
  else if (const auto* boolean = std::get_if<bool>(&value))
    statement.bind(parameter, std::int64_t{*boolean});
  else
    statement.bind_null(parameter);
}

Cell read_cell(const Statement& statement, ColumnType type, int column) {
  if (statement.is_null(column)) return {};
  switch (type) {
    case ColumnType::text:
    case ColumnType::json:
      return std::string(statement.text(column));
    case ColumnType::boolean:
      return statement.integer(column) != 0;
    case ColumnType::integer:
    case ColumnType::timestamp:
      return statement.integer(column);
  }
  CHECK(false);
}

Row read_row(const Statement& statement, const Table& table) {
  const auto columns = sql::stored_columns(table);
  std::vector<Cell> stored;
  stored.reserve(columns.size());
  for (std::size_t at = 0; at < columns.size(); ++at)
    stored.push_back(read_cell(statement, columns[at].type, static_cast<int>(at)));
  return sql::row_from_stored(table, std::move(stored));
}

Status read_all(Statement& statement, const Table& table, std::vector<Row>& rows) {
  while (true) {
    TRY(const bool row, statement.step());
    if (!row) return ok();
    rows.push_back(read_row(statement, table));
  }
}

// The connection and its prepared statements. For one thread at a time.
class Database {
 public:
  explicit Database(Connection connection) : connection_(std::move(connection)) {}

  Connection& connection() noexcept { return connection_; }

  Result<std::vector<Row>> select(const Table& table, std::vector<std::string> keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    TRY(Statement * statement, prepared(select_text(table)));
    std::vector<Row> rows;
    for (const auto& key : keys) {
      statement->bind_text(1, key);
      TRY_STATUS(read_all(*statement, table, rows));
    }
    return rows;
  }

  Result<std::vector<Row>> list(const Table& table, const sql::ListStatement& query) {
    TRY(Statement statement, prepare(query));
    std::vector<Row> rows;
    TRY_STATUS(read_all(statement, table, rows));
    return rows;
  }

  Result<std::vector<std::string>> texts(const sql::ListStatement& query) {
    TRY(Statement statement, prepare(query));
    std::vector<std::string> texts;
    while (true) {
      TRY(const bool row, statement.step());
      if (!row) return texts;
      texts.emplace_back(statement.text(0));
    }
  }

  Status write(const Table& table, const std::vector<Row>& rows) {
    TRY(const auto writable, sql::writable_rows(table, rows));
    TRY(Statement * statement, prepared(write_text(table)));
    const auto columns = sql::stored_columns(table);
    for (const Row* row : writable) {
      TRY_STATUS(write_row(*statement, table, *row, columns));
    }
    return ok();
  }

  // The texts are ours, so one that does not compile names what the schema has not.
  Result<Statement> prepare(std::string_view text) {
    auto statement = connection_.prepare(text);
    if (statement || statement.error().code != ErrorCode::internal) return statement;
    return Error{ErrorCode::wrong_schema, statement.error().detail + ": run: penstock-admin migrate"};
  }

  // An error of the disk says which file it was, and is remembered until something is written again.
  Status note_written(Status written) {
    disk_failed_ = !written && written.error().code == ErrorCode::unavailable;
    if (disk_failed_) return connection_.at_file(written.error());
    return written;
  }
  Status check_disk() {
    TRY_STATUS(connection_.check_disk(kRoomNeeded));
    if (!disk_failed_) return ok();
    TRY_STATUS(connection_.try_room(kRoomNeeded));
    disk_failed_ = false;
    return ok();
  }

  // How many rows it has deleted.
  Result<std::size_t> prune(std::string_view text, std::int64_t before) {
    TRY(Statement * statement, prepared(std::string(text)));
    statement->bind(1, before);
    for (std::size_t deleted = 0;; ++deleted) {
      TRY(const bool row, statement->step());
      if (!row) return deleted;
    }
  }

  // Deletes one piece of the inbox rows received from `from` until `until`; gives the time of the last one,
  // nullopt when there was none.
  Result<std::optional<std::int64_t>> delete_received(std::int64_t from, std::int64_t until) {
    TRY(Statement * statement, prepared(kDeleteReceived));
    statement->bind(1, from);
    statement->bind(2, until);
    std::optional<std::int64_t> last;
    while (true) {
      TRY(const bool row, statement->step());
      if (!row) return last;
      last = std::max(last.value_or(from), statement->integer(0));
    }
  }

 private:
  Status write_row(Statement& statement, const Table& table, const Row& row,
                   const std::vector<Column>& columns) {
    for (std::size_t at = 0; at < columns.size(); ++at) {
      const auto value = sql::stored_cell(table, row, at);
      if (!is_storable(columns[at].type, value)) {
        statement.reset();
        return Error{ErrorCode::invalid,
                     "sqlite: malformed text or JSON for column " + std::string(columns[at].name)};
      }
      bind_cell(statement, static_cast<int>(at + 1), value);
    }
    TRY_STATUS(statement.run());
    if (table.mode == WriteMode::guarded && connection_.changes() != 1)
      return Error{ErrorCode::conflict, "sqlite: a row of " + std::string(table.name) + " has changed"};
    return ok();
  }

  // The query must outlive the statement.
  Result<Statement> prepare(const sql::ListStatement& query) {
    TRY(Statement statement, prepare(query.text));
    for (std::size_t n = 0; n < query.parameters.size(); ++n)
      bind_cell(statement, static_cast<int>(n + 1), sql::view_of(query.parameters[n].value));
    return statement;
  }

  Result<Statement*> prepared(const std::string& text) {
    auto known = statements_.find(text);
    if (known == statements_.end()) {
      TRY(Statement statement, prepare(text));
      known = statements_.emplace(text, std::move(statement)).first;
    }
    return &known->second;
  }

  Connection connection_;
  std::map<std::string, Statement> statements_;
  bool disk_failed_ = false;
};

// Whose turn it is to use the one database: in the order in which they asked, so that who gives it back and
// asks again at once lets the others go first. May be given back by another thread than took it.
class Turn {
 public:
  bool take(Milliseconds wait) {
    std::unique_lock lock(mutex_);
    const auto mine = waiting_.insert(waiting_.end(), next_++);
    const bool given = given_back_.wait_for(lock, wait, [&] { return !taken_ && waiting_.begin() == mine; });
    waiting_.erase(mine);
    if (given) taken_ = true;
    given_back_.notify_all();
    return given;
  }
  void give_back() noexcept {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    given_back_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::list<std::uint64_t> waiting_;
  std::uint64_t next_ = 0;
  bool taken_ = false;
};

struct GiveBack {
  void operator()(Turn* turn) const noexcept { turn->give_back(); }
};
using HeldTurn = std::unique_ptr<Turn, GiveBack>;

class Batch final : public StoreBatch {
 public:
  Batch(HeldTurn turn, Database& database, Transaction transaction)
      : turn_(std::move(turn)), database_(database), transaction_(std::move(transaction)) {}

  Result<std::vector<TableRows>> load(std::span<const TableKeys> wanted) override {
    CHECK(transaction_);
    std::vector<TableRows> answers;
    for (const auto& each : wanted) {
      TRY(auto rows, database_.select(*each.table, each.keys));
      answers.push_back({each.table, std::move(rows)});
    }
    return answers;
  }

  Status write(const TableRows& rows) override {
    CHECK(transaction_);
    return over_unless(database_.write(*rows.table, rows.rows));
  }

  using StoreBatch::commit;
  Status commit() override {
    CHECK(transaction_);
    Status committed = transaction_->commit();
    transaction_.reset();
    return database_.note_written(std::move(committed));
  }

 private:
  Status over_unless(Status written) {
    if (written) return ok();
    transaction_.reset();
    return database_.note_written(std::move(written));
  }

  HeldTurn turn_;  // given back last
  Database& database_;
  std::optional<Transaction> transaction_;
};

class SqliteStore final : public StoreAdapter {
 public:
  SqliteStore(Connection connection, SqliteStoreOptions options)
      : options_(std::move(options)), database_(std::move(connection)) {}

  Result<std::unique_ptr<StoreBatch>> begin() override {
    TRY(auto turn, wait_for_turn());
    TRY(auto transaction, Transaction::begin(database_.connection()));
    return std::unique_ptr<StoreBatch>(
        std::make_unique<Batch>(std::move(turn), database_, std::move(transaction)));
  }

  Result<std::vector<Row>> read(const Table& table, std::span<const std::string> keys) override {
    TRY(const auto turn, wait_for_turn());
    return database_.select(table, {keys.begin(), keys.end()});
  }

  Result<std::vector<Row>> list(const Table& table, const ListQuery& query) override {
    TRY(const auto statement, sql::list_statement(table, query));
    TRY(const auto turn, wait_for_turn());
    return database_.list(table, statement);
  }

  Result<std::vector<std::vector<Row>>> lists(const Table& table,
                                              std::span<const ListQuery> queries) override {
    std::vector<std::vector<Row>> lists;
    for (const auto& query : queries) {
      TRY(auto rows, list(table, query));
      lists.push_back(std::move(rows));
    }
    return lists;
  }

  Result<std::vector<std::string>> key_scopes(const Table& table, std::size_t limit) override {
    constexpr std::string_view kScope = "substr(found || ':', 1, instr(found || ':', ':') - 1)";
    const auto statement = sql::key_scopes_statement(table, limit, kScope);
    TRY(const auto turn, wait_for_turn());
    return database_.texts(statement);
  }

  Result<LedgerCheck> check_ledger() override {
    LedgerWalk walk(database_.connection());
    for (bool more = true; more;) {
      TRY(const auto turn, wait_for_turn());
      TRY(more, walk.step());
    }
    return std::move(walk).result();
  }

  Result<std::string> id() override {
    TRY(const auto turn, wait_for_turn());
    TRY(auto statement, database_.prepare("SELECT id FROM penstock_store"));
    TRY(const bool row, statement.step());
    if (!row) return Error{ErrorCode::wrong_schema, "the store has no id"};
    return std::string(statement.text(0));
  }

  Status migrate() override {
    TRY(const auto turn, wait_for_turn());
    TRY(auto transaction, Transaction::begin(database_.connection()));
    TRY_STATUS(
        database_.connection().execute("CREATE TABLE IF NOT EXISTS penstock_schema (version INTEGER PRIMARY "
                                       "KEY, applied_at INTEGER NOT NULL) STRICT"));
    TRY(const auto stored, stored_version());
    TRY(const auto files, sql::pending(stored, schemas::sqlite_migrations()));
    std::int64_t version = stored;
    for (const auto file : files) {
      TRY_STATUS(apply(++version, file));
    }
    return transaction.commit();
  }

  Status ready() override {
    TRY(const auto turn, wait_for_turn());
    TRY_STATUS(database_.check_disk());
    TRY(const auto tables, database_.connection().single_integer(
                               "SELECT count(*) FROM sqlite_schema WHERE name = 'penstock_schema'"));
    if (tables == 0) return sql::check_version(0, schemas::sqlite_migrations());
    TRY(const auto stored, stored_version());
    return sql::check_version(stored, schemas::sqlite_migrations());
  }

  // The connection is free between the pieces.
  Result<bool> prune_outbound(Timestamp events_before, Timestamp attempts_before) override {
    TRY(const auto turn, wait_for_turn());
    TRY(auto transaction, Transaction::begin(database_.connection()));
    bool more = false;
    for (const auto& pruning : sql::kPrunings) {
      TRY(const auto deleted,
          database_.prune(pruning.text, to_unix_ms(pruning.of_attempts ? attempts_before : events_before)));
      more = more || deleted >= sql::kPrunedAtOnce;
    }
    TRY_STATUS(transaction.commit());
    return more;
  }

  Result<bool> maintain(Timestamp now, Milliseconds inbox_age) override {
    int pieces = options_.maintenance_pieces_max;
    std::optional<std::int64_t> from = std::numeric_limits<std::int64_t>::min();
    for (; from && pieces > 0; --pieces) {
      TRY(const auto turn, wait_for_turn());
      TRY(from, database_.delete_received(*from, to_unix_ms(now - inbox_age)));
    }
    bool more = true;
    for (; more && pieces > 0; --pieces) {
      TRY(const auto turn, wait_for_turn());
      TRY(more, database_.connection().give_room_back(kPieceTimeMax));
    }
    return more;
  }

 private:
  Result<HeldTurn> wait_for_turn() {
    if (turn_.take(options_.connection_wait)) return HeldTurn(&turn_);
    return Error{ErrorCode::overloaded, "sqlite: the connection is in use"};
  }

  Result<std::int64_t> stored_version() {
    return database_.connection().single_integer("SELECT coalesce(max(version), 0) FROM penstock_schema");
  }

  Status apply(std::int64_t version, std::string_view statements) {
    TRY_STATUS(database_.connection().execute(std::string(statements)));
    return database_.connection().execute("INSERT INTO penstock_schema VALUES (" + std::to_string(version) +
                                          ", unixepoch() * 1000)");
  }

  const SqliteStoreOptions options_;
  Turn turn_;
  Database database_;
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<StoreAdapter>> open_sqlite_store(SqliteStoreOptions options) {
  TRY(auto connection, sqlite::Connection::open(options.file));
  return std::unique_ptr<StoreAdapter>(
      std::make_unique<sqlite::SqliteStore>(std::move(connection), std::move(options)));
}

}  // namespace penstock
