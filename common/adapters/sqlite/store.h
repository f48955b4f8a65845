// The store in one SQLite file, for one process (sqlite.h: a second opener is refused).
//
// There is one connection. A batch holds it from begin() until the batch is destroyed; all other calls wait
// for it, bounded. A commit is on the disk when it returns.
#pragma once

#include <filesystem>
#include <memory>

#include "common/ports/store_adapter.h"

namespace penstock {

struct SqliteStoreOptions {
  std::filesystem::path file;           // created when it is not there; its folder must be
  Milliseconds connection_wait{5'000};  // for the batch or read before; then overloaded
  int maintenance_pieces_max = 200;     // of 500 rows, or of some pages that are given back, a run
};

// Errors: unavailable (held by another process, no permission, disk), corrupt (not a database). Batches must
// be gone before the store. Reads are not cut short: they hold the connection for as long as they take.
Result<std::unique_ptr<StoreAdapter>> open_sqlite_store(SqliteStoreOptions options);

}  // namespace penstock
