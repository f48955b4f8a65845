#include "common/adapters/sql/errors.h"

#include <array>

namespace penstock::sql {
namespace {

struct SqlState {
  std::string_view prefix;
  ErrorCode code;
};

// The first line whose prefix fits holds; none: internal, which is "not now".
constexpr std::array kSqlStates = {
    // This row.
    SqlState{"22001", ErrorCode::invalid},  // a text too long for its column
    SqlState{"22003", ErrorCode::invalid},  // a number out of its column's range
    SqlState{"22007", ErrorCode::invalid},  // no time
    SqlState{"22008", ErrorCode::invalid},  // a time out of range
    SqlState{"22021", ErrorCode::invalid},  // not of the encoding
    SqlState{"22P02", ErrorCode::invalid},  // not of the type
    SqlState{"22P03", ErrorCode::invalid},  // not of the type, in binary
    SqlState{"22P05", ErrorCode::invalid},  // no such character in the encoding
    SqlState{"2203", ErrorCode::invalid},   // JSON that cannot be kept
    SqlState{"23502", ErrorCode::invalid},  // NOT NULL
    SqlState{"23514", ErrorCode::invalid},  // CHECK
    SqlState{"54000", ErrorCode::invalid},  // too large for an index or a row
    // Conflict.
    SqlState{"23505", ErrorCode::conflict},  // unique violation
    SqlState{"40001", ErrorCode::conflict},  // serialization failure, penstock_expect()
    SqlState{"40P01", ErrorCode::conflict},  // deadlock
    // Not now: what an operator can act on has a code of its own.
    SqlState{"25P03", ErrorCode::timeout},       // idle in transaction: we took too long to decide
    SqlState{"55P03", ErrorCode::timeout},       // lock timeout: somebody holds a row for long
    SqlState{"57014", ErrorCode::timeout},       // statement timeout
    SqlState{"0A000", ErrorCode::wrong_schema},  // a cached plan's table has changed
    SqlState{"42P01", ErrorCode::wrong_schema},  // no such table
    SqlState{"42P10", ErrorCode::wrong_schema},  // no such unique key
    SqlState{"42703", ErrorCode::wrong_schema},  // no such column
    SqlState{"42804", ErrorCode::wrong_schema},  // a column of another type
    SqlState{"42883", ErrorCode::wrong_schema},  // no such function
    SqlState{"XX001", ErrorCode::corrupt},       // a damaged page
    SqlState{"XX002", ErrorCode::corrupt},       // a damaged index
    SqlState{"08", ErrorCode::unavailable},      // connection
    SqlState{"25006", ErrorCode::unavailable},   // read-only: a standby, for now
    SqlState{"28", ErrorCode::unavailable},      // who we are is not accepted
    SqlState{"3D000", ErrorCode::unavailable},   // no such database
    SqlState{"42501", ErrorCode::unavailable},   // no privilege
    SqlState{"53", ErrorCode::unavailable},      // disk full, out of memory or of connections
    SqlState{"57P", ErrorCode::unavailable},     // shutting down or starting up
    SqlState{"58", ErrorCode::unavailable},      // the server's disk or system
};

struct SqliteCode {
  int code;  // a primary code (below 256) stands for its extended ones that are not listed
  ErrorCode meaning;
};

constexpr std::array kSqliteCodes = {
    // This row.
    SqliteCode{18, ErrorCode::invalid},    // TOOBIG
    SqliteCode{20, ErrorCode::invalid},    // MISMATCH
    SqliteCode{275, ErrorCode::invalid},   // CONSTRAINT_CHECK
    SqliteCode{1299, ErrorCode::invalid},  // CONSTRAINT_NOTNULL
    SqliteCode{3091, ErrorCode::invalid},  // CONSTRAINT_DATATYPE
    // Conflict.
    SqliteCode{1555, ErrorCode::conflict},  // CONSTRAINT_PRIMARYKEY
    SqliteCode{2067, ErrorCode::conflict},  // CONSTRAINT_UNIQUE
    // Not now.
    SqliteCode{11, ErrorCode::corrupt},      // CORRUPT
    SqliteCode{26, ErrorCode::corrupt},      // NOTADB
    SqliteCode{3, ErrorCode::unavailable},   // PERM
    SqliteCode{5, ErrorCode::unavailable},   // BUSY
    SqliteCode{6, ErrorCode::unavailable},   // LOCKED
    SqliteCode{7, ErrorCode::unavailable},   // NOMEM
    SqliteCode{8, ErrorCode::unavailable},   // READONLY
    SqliteCode{10, ErrorCode::unavailable},  // IOERR
    SqliteCode{13, ErrorCode::unavailable},  // FULL
    SqliteCode{14, ErrorCode::unavailable},  // CANTOPEN
};

}  // namespace

ErrorCode code_of_sqlstate(std::string_view sqlstate) noexcept {
  for (const auto& known : kSqlStates)
    if (sqlstate.starts_with(known.prefix)) return known.code;
  return ErrorCode::internal;
}

ErrorCode code_of_sqlite(int result_code) noexcept {
  for (const int code : {result_code, result_code & 0xff})
    for (const auto& known : kSqliteCodes)
      if (known.code == code) return known.meaning;
  return ErrorCode::internal;
}

}  // namespace penstock::sql
