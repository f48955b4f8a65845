// Small words for tests of event logs: append and wait, read until.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "common/ports/event_log.h"

namespace penstock {

inline constexpr Milliseconds kPatience{30'000};

// Owns a log and what it needs.
class LogHarness {
 public:
  virtual ~LogHarness() = default;
  virtual EventLog& log() = 0;
  // Has the log drop what stands before that position in its partition, as retention does.
  virtual void drop_before(const Position& position) = 0;
  // Has the log look for what is replaced in its topic `settings`; call it until the condition holds. It may
  // append records there, whose keys begin with kFiller.
  virtual void compact() = 0;
};

inline constexpr const char* kFiller = "filler";

// For the names of what a test has to itself on a cluster that others use at the same time.
std::string unique_prefix();

Record make_record(std::string key, std::string value, std::string topic = "payments");

// Appends and gives what `done` got; a refusal is an answer, too. Gives up after kPatience.
Result<Position> append_and_wait(EventLog& log, Record record);
std::future<Result<Position>> append_later(EventLog& log, Record record);

// Polls until that many records came, or kPatience passed.
std::vector<StoredRecord> poll_records(EventConsumer& consumer, std::size_t count);
// Polls all of them in turn until the condition holds; false when kPatience passed first.
bool poll_until(const std::vector<EventConsumer*>& consumers,
                const std::function<void(EventConsumer&, std::vector<StoredRecord>)>& receive,
                const std::function<bool()>& condition);

// All that is left of a scan.
std::vector<StoredRecord> rest_of(LogScan& scan);
// What a tail tells until it is at the present; fails when it is not there within kPatience.
std::vector<StoredRecord> read_to_present(LogTail& tail);

std::vector<Position> positions_of(const std::vector<StoredRecord>& records);
std::vector<std::string> values_of(const std::vector<StoredRecord>& records);

}  // namespace penstock
