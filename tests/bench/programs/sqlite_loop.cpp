// bench_sqlite_loop: the plain way to make an event durable on this disk: SQLite (WAL, synchronous=FULL), one
// transaction and so one fsync for each. Nothing is received, checked or applied.

#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/programs/event_bodies.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

struct CloseConnection {
  void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using ConnectionHandle = std::unique_ptr<sqlite3, CloseConnection>;
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

ConnectionHandle open(const std::string& file) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) fail("cannot open " + file);
  ConnectionHandle handle(db);
  if (sqlite3_exec(db,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                   "CREATE TABLE events (id TEXT PRIMARY KEY, body BLOB NOT NULL)",
                   nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(sqlite3_errmsg(db));
  return handle;
}

void insert(sqlite3* db, sqlite3_stmt* statement, const EventBody& event) {
  sqlite3_bind_text(statement, 1, event.id.data(), static_cast<int>(event.id.size()), SQLITE_STATIC);
  sqlite3_bind_blob(statement, 2, event.body.data(), static_cast<int>(event.body.size()), SQLITE_STATIC);
  if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(db));
  sqlite3_reset(statement);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  std::string file;
  std::size_t count = 0;
  CLI::App app("One SQLite transaction an event");
  app.add_option("--file", file)->required();
  app.add_option("--events", count)->required();
  CLI11_PARSE(app, argc, argv);

  const EventBodies bodies;
  std::vector<EventBody> events;
  for (std::size_t n = 0; n < count; ++n) events.push_back(bodies.make(n));

  const ConnectionHandle db = open(file);
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v2(db.get(), "INSERT INTO events (id, body) VALUES (?, ?)", -1, &prepared, nullptr);
  const StatementHandle statement(prepared);
  const auto start = std::chrono::steady_clock::now();
  for (const auto& event : events) insert(db.get(), statement.get(), event);
  report_events(count, std::chrono::steady_clock::now() - start);
}
