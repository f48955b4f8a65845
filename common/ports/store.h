// The store: rows of a few described tables, changed by batches in one transaction each, and read by
// operators. Adapters: PostgreSQL (production), SQLite (one process). One contract suite holds for both.
//
// The store knows tables as data (their names and columns), not what they mean: adding a table touches the
// domain and schemas/sql only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/result.h"
#include "common/core/time.h"

namespace penstock {

enum class ColumnType { text, integer, boolean, timestamp, json };

struct Column {
  std::string_view name;
  ColumnType type;
  bool nullable = false;
};

// How a row is written.
enum class WriteMode {
  guarded,      // insert or update; the row must still be as it was loaded, else the commit is a conflict
  insert_once,  // insert; an existing row of that key stays and is no conflict (idempotent by key)
  insert_new,   // insert; an existing row of that key is a conflict
  amend,  // the columns are set in a row that another description of the table inserts; one that is gone is no conflict
};

// An index of a table in the order of its lists: by (newest_first, key), or by
// that within one value of `column`.
struct ListIndex {
  std::string_view column = {};
  // The index holds only rows where this is true: SQL that every store takes, word for word as its schema
  // says it. Empty: all rows that have a value in `column`.
  std::string_view only = {};
  // Values of `column` that most rows have. The index leaves them out, since their rows are near one another
  // wherever one looks, and what is rare costs little.
  std::span<const std::string_view> common = {};
};

// Every table also has the columns rev (bigint), created_at, updated_at (timestamps),
// updated_by (text: the key of the event that last changed the row). insert_once and insert_new
// tables have only created_at of these; an amend description has none.
struct Table {
  std::string_view name;
  std::span<const Column> columns;  // [0] is the key, of type text
  WriteMode mode = WriteMode::guarded;
  std::string_view newest_first = "created_at";  // the timestamp column that lists are ordered by
  std::string_view partitioned_by = {};  // a timestamp column a store may partition by, equal for equal keys
  std::span<const ListIndex> indexes = {};
  bool shared = false;  // read by many batches and written by few: load() locks no row of it
};

// integer and timestamp (Unix milliseconds) are int64; text and json are string; monostate is NULL.
using Cell = std::variant<std::monostate, std::int64_t, bool, std::string>;

struct RowStamp {
  Timestamp created_at;
  Timestamp updated_at;
  std::string updated_by;
};

struct Row {
  std::vector<Cell> cells;  // in the order of Table::columns
  std::int64_t rev = 0;     // 0: not in the store yet. Set by load and read; the store counts it up.
  RowStamp stamp;
};

struct TableKeys {
  const Table* table = nullptr;
  std::vector<std::string> keys;
  bool only_free = false;  // rows that another batch has locked are left out, and not waited for
};

struct TableRows {
  const Table* table = nullptr;
  std::vector<Row> rows;
};

// One transaction. Used by one thread; destruction without commit rolls back.
// Any call may fail with: conflict (begin again and reload), invalid (one of these rows cannot be stored),
// or, for no fault of the rows: unavailable, timeout (fewer rows may do), wrong_schema, corrupt, internal.
// All but invalid may end by themselves or when somebody mends the store.
class StoreBatch {
 public:
  virtual ~StoreBatch() = default;

  // The existing rows of these keys, locked until the end of the batch (guarded tables that are not shared) or
  // as they are (others). One answer per asked table, in any row order; absent keys are left out.
  // One round trip for all tables.
  virtual Result<std::vector<TableRows>> load(std::span<const TableKeys> wanted) = 0;

  // Has the rows written, of each table once: a store of its own process begins at once, and what is wrong with them may
  // be told by commit() only. After an error the batch is over, and leaves nothing behind.
  virtual Status write(const TableRows& rows) = 0;

  // After it the batch is over. A conflict leaves nothing behind. When the connection dies during COMMIT the error is
  // unavailable with unknown_outcome: only reading tells.
  virtual Status commit() = 0;

  // Writes all of them, and commits.
  Status commit(std::span<const TableRows> changes) {
    for (const auto& rows : changes) {
      TRY_STATUS(write(rows));
    }
    return commit();
  }
};

struct ColumnFilter {
  std::string_view column;
  Cell equals;
};

// By (Table::newest_first, key), or in no order, which every index can answer.
enum class ListOrder { newest_first, oldest_first, none };

// Which rows a list has, and in what order. It reads as many rows as it answers when one of the table's
// indexes fits: that of one of the filters' columns (the value not among the common ones) or, without
// filters, the one without a column, in either case with the same `only`. What such an index does not say is
// tried row by row.
struct ListQuery {
  std::vector<ColumnFilter> filters{};
  std::vector<std::string_view> present{};  // columns that hold a value
  std::string_view only{};                  // of one of the table's indexes
  std::optional<Timestamp> since{};         // inclusive, on newest_first
  std::optional<Timestamp> until{};         // exclusive
  // The page begins behind this place, or with it, whether or not a row is there.
  struct After {
    Timestamp at;
    std::string key;
    bool inclusive = false;
  };
  std::optional<After> after{};
  ListOrder order = ListOrder::newest_first;
  std::size_t limit = 50;
};

// The index of the table that has the query's rows in its order; nullptr when none fits.
const ListIndex* index_for(const Table& table, const ListQuery& query) noexcept;

// All methods may be called from any thread; all block, bounded by the adapter's statement and lock
// deadlines unless they say otherwise.
class Store {
 public:
  virtual ~Store() = default;

  // Waits for a free connection, bounded.
  virtual Result<std::unique_ptr<StoreBatch>> begin() = 0;

  // Reads without locks.
  virtual Result<std::vector<Row>> read(const Table& table, std::span<const std::string> keys) = 0;
  virtual Result<std::vector<Row>> list(const Table& table, const ListQuery& query) = 0;
  // Several lists of a table, in the order of the queries and in one round trip. They need not be of one moment.
  virtual Result<std::vector<std::vector<Row>>> lists(const Table& table,
                                                      std::span<const ListQuery> queries) = 0;
  // What the table's keys begin with, up to the first colon, each once and in their order, the first `limit`
  // of them. Costs a look-up for each, not for each row.
  virtual Result<std::vector<std::string>> key_scopes(const Table& table, std::size_t limit) = 0;

  // Who this store is: made once by StoreAdmin::migrate(), kept by backups. Error: wrong_schema before that.
  virtual Result<std::string> id() = 0;

  // Reachable, and on this program's schema version (else wrong_schema, with the
  // command to run in the detail).
  virtual Status ready() = 0;
};

}  // namespace penstock
