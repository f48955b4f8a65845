#include "common/adapters/sqlite/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "common/adapters/sql/errors.h"
#include "common/core/check.h"
#include "common/observe/log.h"

namespace penstock::sqlite {
namespace {

// errors.cpp has these as numbers, since it knows no database's header.
static_assert(SQLITE_TOOBIG == 18 && SQLITE_MISMATCH == 20 && SQLITE_CONSTRAINT_CHECK == 275 &&
              SQLITE_CONSTRAINT_NOTNULL == 1299 && SQLITE_CONSTRAINT_DATATYPE == 3091 &&
              SQLITE_CONSTRAINT_PRIMARYKEY == 1555 && SQLITE_CONSTRAINT_UNIQUE == 2067);

Error error_of(sqlite3* connection, int result_code) {
  const ErrorCode code = sql::code_of_sqlite(result_code);
  return {code, std::string("sqlite: ") + sqlite3_errmsg(connection)};
}

// Free pages that are kept for what is written next: so many, and an eighth of those in use.
constexpr std::int64_t kFreePagesKept = 256;
// A file of more pages in use is not rewritten at start.
constexpr std::int64_t kRewrittenBytesMax = 256 << 20;
// Incremental vacuuming looks at the clock after so many pages.
constexpr const char* kVacuumSome = "PRAGMA incremental_vacuum(16)";

// The exclusive lock is taken with the first access, which is the switch to WAL. auto_vacuum must be chosen
// before that makes the first page. Debian's SQLite overwrites what is deleted (secure_delete), which would
// write a page to the WAL for each that is freed.
constexpr const char* kSettings =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA journal_size_limit = 4194304;"
    "PRAGMA secure_delete = FAST;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY;";

Error open_error(sqlite3* connection, int result_code, const std::filesystem::path& file) {
  if (result_code == SQLITE_NOMEM && connection == nullptr)
    return {ErrorCode::unavailable, "sqlite: out of memory"};
  Error error = error_of(connection, result_code);
  error.detail = (result_code & 0xff) == SQLITE_BUSY ? "another process has " + file.string() + " open"
                                                     : file.string() + ": " + error.detail;
  return error;
}

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

// Takes from others what they may do with the file, if it is there.
Status make_private(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || (status.st_mode & kOthers) == 0) return ok();
  if (::chmod(file.c_str(), status.st_mode & ~kOthers & 07777) == 0) return ok();
  return Error{ErrorCode::unavailable, "others may use " + file + "; run: chmod 600 " + file};
}

// SQLite gives its side files the mode of the database. A file that exists is not opened here: closing it
// would end the locks that this process has on it.
Status prepare_files(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made >= 0) ::close(made);
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    TRY_STATUS(make_private(file.string() + suffix));
  }
  return ok();
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
  TRY_STATUS(prepare_files(file));
  sqlite3* handle = nullptr;
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int result_code = sqlite3_open_v2(file.c_str(), &handle, kFlags, nullptr);
  Connection connection(handle, file);
  if (result_code == SQLITE_OK) result_code = sqlite3_exec(handle, kSettings, nullptr, nullptr, nullptr);
  if (result_code != SQLITE_OK) return open_error(handle, result_code, file);
  if (const Status learned = connection.learn_to_give_back(); !learned)
    log::warn("file cannot be rewritten, it keeps its room",
              {{"file", file.string()}, {"detail", learned.error().detail}});
  return connection;
}

Status Connection::learn_to_give_back() {
  TRY(const std::int64_t mode, single_integer("PRAGMA auto_vacuum"));
  if (mode != 0) return ok();
  TRY(const std::int64_t pages, single_integer("PRAGMA page_count"));
  TRY(const std::int64_t free, single_integer("PRAGMA freelist_count"));
  TRY(const std::int64_t page_bytes, single_integer("PRAGMA page_size"));
  const std::int64_t bytes = (pages - free) * page_bytes;
  if (bytes > kRewrittenBytesMax) {
    log::info("large file of an earlier version keeps its room and uses it again",
              {{"file", file_.string()}, {"bytes", bytes}});
    return ok();
  }
  TRY_STATUS(check_disk(static_cast<std::size_t>(3 * bytes)));
  return execute(
      "PRAGMA temp_store = FILE; PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA temp_store = MEMORY;"
      "PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<std::int64_t> Connection::single_integer(std::string_view sql) {
  TRY(Statement statement, prepare(sql));
  TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Result<bool> Connection::give_room_back(Milliseconds time_max) {
  const auto until = std::chrono::steady_clock::now() + time_max;
  TRY(const std::int64_t mode, single_integer("PRAGMA auto_vacuum"));
  TRY(const std::int64_t pages, single_integer("PRAGMA page_count"));
  TRY(std::int64_t free, single_integer("PRAGMA freelist_count"));
  const std::int64_t kept = std::max(kFreePagesKept, (pages - free) / 8);
  if (mode == 0 || free <= kept) {
    TRY_STATUS(execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    return false;
  }
  TRY(Transaction transaction, Transaction::begin(*this));
  do {
    TRY_STATUS(execute(kVacuumSome));
    TRY(free, single_integer("PRAGMA freelist_count"));
  } while (free > kept && std::chrono::steady_clock::now() < until);
  TRY_STATUS(transaction.commit());
  return true;
}

Status Connection::check_disk(std::size_t bytes) const {
  struct statvfs disk {};
  if (::statvfs(file_.c_str(), &disk) != 0 || disk.f_blocks == 0) return ok();  // it cannot tell
  const auto blocks = ::geteuid() == 0 ? disk.f_bfree : disk.f_bavail;
  if (blocks * disk.f_frsize >= bytes) return ok();
  return Error{ErrorCode::unavailable, "disk full: " + file_.string() + " needs " +
                                           std::to_string(bytes / 1024) + " KiB of room and there are " +
                                           std::to_string(blocks * disk.f_frsize / 1024)};
}

Status Connection::try_room(std::size_t bytes) {
  const Status filled = fill_room(bytes);
  if (!filled) return at_file(filled.error());
  // What was rolled back may never have been written: this is.
  TRY(const std::int64_t version, single_integer("PRAGMA user_version"));
  const Status written = execute("PRAGMA user_version = " + std::to_string(version));
  if (!written) return at_file(written.error());
  return ok();
}

Status Connection::fill_room(std::size_t bytes) {
  TRY(const Transaction rolled_back, Transaction::begin(*this));
  return execute("CREATE TABLE penstock_room (room BLOB); INSERT INTO penstock_room VALUES (zeroblob(" +
                 std::to_string(bytes) + "))");
}

Error Connection::at_file(Error error) const {
  const bool full = error.detail.find("disk is full") != std::string::npos;  // SQLite's words
  error.detail = (full ? "disk full: " : "") + file_.string() + ": " + error.detail;
  return error;
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
  TRY_STATUS(connection_->execute("COMMIT"));
  connection_ = nullptr;
  return ok();
}

}  // namespace penstock::sqlite
