// Reading a part of a partition once, without a consumer group: for replay, and for looking things up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/ports/event_record.h"

namespace penstock {

// Records that are within all the bounds that are given. What pruning, retention or compaction has taken away
// is passed over.
struct ScanRange {
  std::string topic;
  Partition partition;
  Offset from;                     // the first
  std::optional<Offset> to;        // exclusive; without it, and beyond the end: the end when the scan begins
  std::optional<Timestamp> since;  // appended then or later
  std::optional<Timestamp> until;  // appended before
};

// Errors: invalid, saying which bounds make no sense. A range that holds nothing is none.
Status check_range(const ScanRange& range);
bool is_within_times(const ScanRange& range, Timestamp appended_at) noexcept;

struct ScanBatch {
  std::vector<StoredRecord> records;  // in offset order
  bool done = false;                  // nothing follows
};

// One reading. Used by one thread, and gone before its log is. Holds a batch and what the client has fetched
// ahead, whatever the range.
class LogScan {
 public:
  virtual ~LogScan() = default;

  // The next records, `records_max` at most, as soon as there are some; blocks until the deadline at most. An
  // empty batch that is not done: there were only records of other times by the deadline, so call again. Ends at
  // the end that the partition had when the scan began, or where nothing is left of it. Errors: timeout,
  // unavailable (safe: the next call goes on where this one was), overloaded (likewise), corrupt (the record at
  // position() cannot be read; a scan from behind it can go on).
  virtual Result<ScanBatch> next(std::size_t records_max, Milliseconds deadline) = 0;

  // Where a later scan would go on: everything before it has been handed over or passed over.
  virtual Offset position() const noexcept = 0;
};

}  // namespace penstock
