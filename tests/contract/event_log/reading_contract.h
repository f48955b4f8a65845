// What every EventLog promises whoever reads it without a group: one more suite, instantiated by each adapter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/contract/event_log/contract.h"

namespace penstock {

class ReadingContract : public EventLogContract {
 protected:
  // All of one key, so of one partition, with the values "0", "1", …
  std::vector<Position> append_numbers(int count);
  void append(Record record);
  std::unique_ptr<LogScan> scan(const ScanRange& range);
  std::unique_ptr<LogTail> tail(const std::string& topic = "settings");
  // Every record of the topic of settings that is still there.
  std::vector<StoredRecord> stored_settings();
  // Has the log compact until only so many records of settings are left; false when it does not.
  bool compact_to(std::size_t count);
};

}  // namespace penstock
