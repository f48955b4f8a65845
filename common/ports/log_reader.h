// Reading the log without a consumer group.
#pragma once

#include <memory>
#include <string>

#include "common/ports/log_scan.h"
#include "common/ports/log_tail.h"

namespace penstock {

// All methods may be called from any thread.
class LogReader {
 public:
  virtual ~LogReader() = default;

  // Reads a range once, whatever consumers do meanwhile. Blocks. Errors: invalid (the range), wrong_schema (no
  // such topic or partition), unavailable or timeout, overloaded (too many are open at once: close one).
  virtual Result<std::unique_ptr<LogScan>> scan(const ScanRange& range) = 0;

  // Reads a topic from its start and goes on with what is appended. Does not block: a log that is away, or a
  // topic that is missing, is said by the tail.
  virtual Result<std::unique_ptr<LogTail>> tail(const std::string& topic) = 0;
};

}  // namespace penstock
