// The event log in one SQLite file: what standalone acknowledges into.
#pragma once

#include <filesystem>
#include <memory>

#include "common/adapters/embedded/event_log.h"

namespace penstock {

struct SqliteLogOptions {
  std::filesystem::path file;  // created when missing; its folder must exist
  EmbeddedLogOptions log;      // one partition a topic: a file has one writer anyway
};

// An append is done when its transaction is on the disk (WAL, synchronous=FULL). A full or failing disk
// answers with unavailable and the log goes on: once there is room, appends succeed again. Blocks. The clock
// must outlive the log. Errors: unavailable (another process has the file, no permission), corrupt,
// wrong_schema (written by another version).
Result<std::unique_ptr<EmbeddedEventLog>> open_sqlite_log(const SqliteLogOptions& options,
                                                          const Clock& clock);

}  // namespace penstock
