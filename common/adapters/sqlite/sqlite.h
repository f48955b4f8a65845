// One SQLite connection with safe settings: handles that close themselves, statements, transactions, and
// SQLite's result codes as penstock::Error.
//
// A file has one connection in one process: SQLite 3.40 can corrupt a WAL that two connections reset. The
// connection holds the database's exclusive lock for as long as it lives, so a second open, here or
// elsewhere, fails at once.
//
// Nothing here locks: a connection and everything made from it is used by one thread at a time. All calls
// block on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/core/result.h"
#include "common/core/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace penstock::sqlite {

struct CloseConnection {
  void operator()(sqlite3* connection) const noexcept;
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept;
};

// A prepared statement. Parameters count from 1, columns from 0. Must be gone before its connection.
class Statement {
 public:
  void bind(int parameter, std::int64_t value) noexcept;
  void bind_null(int parameter) noexcept;
  // Not copied: the bytes must stay until reset().
  void bind_text(int parameter, std::string_view text) noexcept;
  void bind_blob(int parameter, std::string_view bytes) noexcept;

  // True: there is a row to read. False: done, and reset. An error (of an earlier bind, too) also resets.
  Result<bool> step();
  // Steps through to the end, for a statement whose rows nobody reads.
  Status run();
  // Ready for the next use; parameters are null again.
  void reset() noexcept;

  // Of the current row; views are valid until the next step() or reset().
  bool is_null(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  std::string_view text(int column) const noexcept;
  std::string_view blob(int column) const noexcept;

 private:
  friend class Connection;
  explicit Statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  void note_bind(int result_code) noexcept;

  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
  int bind_error_ = 0;
};

class Connection {
 public:
  // Opens or creates the file: WAL, synchronous=FULL (a commit is on the disk), foreign keys on. It and its
  // side files are for their owner alone, also those that were there. A file of an earlier version learns to
  // give room back, which rewrites it once, unless it is large.
  // Errors: unavailable (held by another process, no permission, disk), corrupt (not a database).
  static Result<Connection> open(const std::filesystem::path& file);

  // One statement.
  Result<Statement> prepare(std::string_view sql);
  // Any number of statements without parameters.
  Status execute(const std::string& sql);

  // The first column of the first row; 0 when there is none.
  Result<std::int64_t> single_integer(std::string_view sql);

  // Gives pages that hold nothing back to the disk, for about so long, then the WAL's room too; some are kept
  // for what comes next. True: there is more to give, so call again. Not within a transaction.
  Result<bool> give_room_back(Milliseconds time_max);

  // Has the file's disk room for `bytes`? Asks the file system. Errors: unavailable, naming the file.
  Status check_disk(std::size_t bytes) const;
  // Writes so much and takes it back, for when a write has failed. Not within a transaction. Errors:
  // unavailable, naming the file.
  Status try_room(std::size_t bytes);
  // Says which file the error is about, and first of all that its disk is full when it is.
  Error at_file(Error error) const;

  // Of the last INSERT, UPDATE or DELETE.
  std::int64_t changes() const noexcept;
  std::int64_t last_insert_rowid() const noexcept;

 private:
  Connection(sqlite3* connection, std::filesystem::path file) noexcept
      : connection_(connection), file_(std::move(file)) {}

  Status learn_to_give_back();
  Status fill_room(std::size_t bytes);

  std::unique_ptr<sqlite3, CloseConnection> connection_;
  std::filesystem::path file_;
};

// BEGIN IMMEDIATE; rolls back when destroyed before commit(). Must be gone before its connection.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // An error leaves nothing behind in this process, but is unknown_outcome when the disk failed: after a
  // crash the transaction may turn out to be there.
  Status commit();

 private:
  explicit Transaction(Connection& connection) noexcept : connection_(&connection) {}

  Connection* connection_;  // null once it is over
};

}  // namespace penstock::sqlite
