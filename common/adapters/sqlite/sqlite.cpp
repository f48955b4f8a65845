#include "common/adapters/sqlite/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "common/adapters/sql/errors.h"
#include "common/core/check.h"

namespace penstock::sqlite {
namespace {

// errors.cpp has these as numbers, since it knows no database's header.
static_assert(SQLITE_TOOBIG == 18 && SQLITE_MISMATCH == 20 && SQLITE_CONSTRAINT_CHECK == 275 &&
              SQLITE_CONSTRAINT_NOTNULL == 1299 && SQLITE_CONSTRAINT_DATATYPE == 3091 &&
              SQLITE_CONSTRAINT_PRIMARYKEY == 1555 && SQLITE_CONSTRAINT_UNIQUE == 2067);

Error error_of(sqlite3* connection, int result_code) {
  const ErrorCode code = sql::code_of_sqlite(result_code);
  return {code, code == ErrorCode::invalid ? Retry::never : Retry::safe,
          std::string("sqlite: ") + sqlite3_errmsg(connection)};
}

// The exclusive lock is taken with the first access, which is the switch to WAL.
constexpr const char* kSettings =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY;";

Error open_error(sqlite3* connection, int result_code, const std::filesystem::path& file) {
  if (result_code == SQLITE_NOMEM && connection == nullptr)
    return {ErrorCode::unavailable, Retry::safe, "sqlite: out of memory"};
  Error error = error_of(connection, result_code);
  error.detail = (result_code & 0xff) == SQLITE_BUSY ? "another process has " + file.string() + " open"
                                                     : file.string() + ": " + error.detail;
  return error;
}

}  // namespace

void CloseConnection::operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
void FinalizeStatement::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

void Statement::note_bind(int result_code) noexcept {
  CHECK(result_code != SQLITE_RANGE && result_code != SQLITE_MISUSE);
  if (result_code != SQLITE_OK) bind_error_ = result_code;
}

void Statement::bind(int parameter, std::int64_t value) noexcept {
  note_bind(sqlite3_bind_int64(statement_.get(), parameter, value));
}

void Statement::bind_null(int parameter) noexcept {
  note_bind(sqlite3_bind_null(statement_.get(), parameter));
}

// An empty view may have no pointer, which SQLite would take for NULL.
void Statement::bind_text(int parameter, std::string_view text) noexcept {
  const char* bytes = text.empty() ? "" : text.data();
  note_bind(sqlite3_bind_text64(statement_.get(), parameter, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_blob(int parameter, std::string_view bytes) noexcept {
  const char* start = bytes.empty() ? "" : bytes.data();
  note_bind(sqlite3_bind_blob64(statement_.get(), parameter, start, bytes.size(), SQLITE_STATIC));
}

Result<bool> Statement::step() {
  const int result_code = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_.get());
  if (result_code == SQLITE_ROW) return true;
  if (result_code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = error_of(sqlite3_db_handle(statement_.get()), result_code);
  reset();
  return error;
}

Status Statement::run() {
  while (true) {
    TRY(const bool row, step());
    if (!row) return ok();
  }
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_error_ = SQLITE_OK;
}

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const noexcept {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const noexcept {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Connection> Connection::open(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int result_code = sqlite3_open_v2(file.c_str(), &handle, kFlags, nullptr);
  Connection connection(handle);
  if (result_code == SQLITE_OK) result_code = sqlite3_exec(handle, kSettings, nullptr, nullptr, nullptr);
  if (result_code != SQLITE_OK) return open_error(handle, result_code, file);
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int result_code =
      sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()), 0, &handle, nullptr);
  if (result_code != SQLITE_OK) return error_of(connection_.get(), result_code);
  return Statement(handle);
}

Status Connection::execute(const std::string& sql) {
  const int result_code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result_code != SQLITE_OK) return error_of(connection_.get(), result_code);
  return ok();
}

std::int64_t Connection::changes() const noexcept { return sqlite3_changes64(connection_.get()); }

std::int64_t Connection::last_insert_rowid() const noexcept {
  return sqlite3_last_insert_rowid(connection_.get());
}

Result<Transaction> Transaction::begin(Connection& connection) {
  TRY_STATUS(connection.execute("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself after a disk error; then this fails and there is nothing to do.
  if (connection_ != nullptr) (void)connection_->execute("ROLLBACK");
}

Status Transaction::commit() {
  CHECK(connection_ != nullptr);
  Status committed = connection_->execute("COMMIT");
  if (committed) {
    connection_ = nullptr;
    return committed;
  }
  Error error = committed.error();
  if (error.code == ErrorCode::unavailable) error.retry = Retry::unknown_outcome;
  return error;
}

}  // namespace penstock::sqlite
