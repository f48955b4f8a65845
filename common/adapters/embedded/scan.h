// A reading of a part of a partition of an embedded log.
#pragma once

#include <vector>

#include "common/adapters/embedded/event_log.h"

namespace penstock {

// Each batch is a question or more to the log's thread, bounded like all of them, so appends are answered in
// between.
class EmbeddedEventLog::Scan final : public LogScan {
 public:
  // `end` is where the partition ends now.
  Scan(EmbeddedEventLog& log, ScanRange range, Offset end);

  Result<ScanBatch> next(std::size_t records_max, Milliseconds deadline) override;
  Offset position() const noexcept override { return next_; }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  Result<std::vector<StoredRecord>> fetch(std::size_t records_max, SteadyTime until);
  void take(std::vector<StoredRecord> fetched, std::vector<StoredRecord>& records);

  EmbeddedEventLog& log_;
  const ScanRange range_;
  const Offset end_;
  Offset next_;
};

}  // namespace penstock
