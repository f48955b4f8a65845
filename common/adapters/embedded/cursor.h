// What is to be read next of some partitions of an embedded log.
#pragma once

#include <vector>

#include "common/adapters/embedded/event_log.h"

namespace penstock {

// Used by one thread. The log must outlive it.
class EmbeddedEventLog::Cursor {
 public:
  Cursor(EmbeddedEventLog& log, Ends next) : log_(log), next_(std::move(next)) {}

  const Ends& next() const { return next_; }
  void restart_at(Ends next) { next_ = std::move(next); }
  // The partitions that have something to read, and up to where. Call under mutex_.
  Ends unread() const;
  // Some of it, in offset order within each partition; empty when all of it has been dropped meanwhile. Asks
  // the log's thread. Errors: those of ask() and LogStorage::fetch().
  Result<std::vector<StoredRecord>> fetch(const Ends& unread, std::size_t records_max);

 private:
  void advance(const Ends& unread, const std::vector<StoredRecord>& records);

  EmbeddedEventLog& log_;
  Ends next_;
};

}  // namespace penstock
