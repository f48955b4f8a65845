#include "common/adapters/embedded/cursor.h"

#include <iterator>
#include <numeric>
#include <utility>

namespace penstock {
namespace {

std::size_t bytes_of(const std::vector<StoredRecord>& records) {
  return std::accumulate(
      records.begin(), records.end(), std::size_t{0},
      [](std::size_t sum, const StoredRecord& record) { return sum + record.value.size(); });
}

}  // namespace

EmbeddedEventLog::Ends EmbeddedEventLog::Cursor::unread() const {
  Ends found;
  for (const auto& [partition, next] : next_) {
    const auto end = log_.ends_.find(partition);
    if (end != log_.ends_.end() && next < end->second) found[partition] = end->second;
  }
  return found;
}

Result<std::vector<StoredRecord>> EmbeddedEventLog::Cursor::fetch(const Ends& unread,
                                                                  std::size_t records_max) {
  Ends from;
  for (const auto& [partition, end] : unread) from[partition] = next_.at(partition);
  const FetchLimits limits{.records_max = records_max, .bytes_max = log_.options_.poll_bytes_max};
  TRY(std::vector<StoredRecord> fetched,
      log_.ask<std::vector<StoredRecord>>(
          [from = std::move(from), limits](LogStorage& storage) -> Result<std::vector<StoredRecord>> {
            std::vector<StoredRecord> records;
            for (const auto& [partition, next] : from) {
              const std::size_t bytes = bytes_of(records);
              if (records.size() >= limits.records_max || bytes >= limits.bytes_max) break;
              TRY(std::vector<StoredRecord> part,
                  storage.fetch(partition, next,
                                {.records_max = limits.records_max - records.size(),
                                 .bytes_max = limits.bytes_max - bytes}));
              std::move(part.begin(), part.end(), std::back_inserter(records));
            }
            return records;
          }));
  advance(unread, fetched);
  return fetched;
}

// A partition of which nothing came although it had news has been pruned up to its end, unless others filled
// the answer first.
void EmbeddedEventLog::Cursor::advance(const Ends& unread, const std::vector<StoredRecord>& records) {
  for (const StoredRecord& record : records)
    next_[{record.position.topic, record.position.partition}] = Offset{record.position.offset.value + 1};
  if (!records.empty()) return;
  for (const auto& [partition, end] : unread) next_[partition] = end;
}

}  // namespace penstock
