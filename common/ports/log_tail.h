// Keeping up with a compacted topic without a consumer group: for tables that a process holds in memory.
#pragma once

#include <vector>

#include "common/core/result.h"
#include "common/ports/event_record.h"

namespace penstock {

struct TailBatch {
  // In offset order within each partition; the last one of a key holds, and a deletion takes the key away.
  std::vector<StoredRecord> records;
  // These records, if any, begin the topic from its start: keys of before that are not told by the time that
  // `present` is true are gone. True of the first batch, and later where deletions may have been missed.
  bool anew = false;
  // All that stood in the topic when the tail began, or began anew, has been told.
  bool present = false;
};

// One reader, which sees every record of every partition, or for each key at least the last. Used by one
// thread, and gone before its log is.
class LogTail {
 public:
  virtual ~LogTail() = default;

  // Up to `records_max` records; waits at most `wait` for the first one, and somewhat longer where the log has
  // to be asked something. Errors: unavailable, timeout (the log is away; call again, the tail reconnects by
  // itself and goes on), wrong_schema (there is no such topic now; likewise), corrupt.
  virtual Result<TailBatch> next(std::size_t records_max, Milliseconds wait) = 0;
};

}  // namespace penstock
