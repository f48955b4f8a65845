#include "common/adapters/embedded/scan.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What the log's thread reads at a time, while appends wait.
constexpr FetchLimits kTurn{.records_max = 1'000, .bytes_max = 1 << 20};

}  // namespace

EmbeddedEventLog::Scan::Scan(EmbeddedEventLog& log, ScanRange range, Offset end)
    : log_(log), range_(std::move(range)), end_(std::min(end, range_.to.value_or(end))), next_(range_.from) {}

Result<ScanBatch> EmbeddedEventLog::Scan::next(std::size_t records_max, Milliseconds deadline) {
  const SteadyTime until = SteadyClock::now() + deadline;
  ScanBatch batch;
  do {
    batch.done = next_ >= end_;
    if (batch.done) break;
    TRY(std::vector<StoredRecord> fetched, fetch(records_max, until));
    take(std::move(fetched), batch.records);
    batch.done = next_ >= end_;
  } while (batch.records.empty() && SteadyClock::now() < until);
  return batch;
}

Result<std::vector<StoredRecord>> EmbeddedEventLog::Scan::fetch(std::size_t records_max, SteadyTime until) {
  const auto left = std::chrono::ceil<Milliseconds>(until - SteadyClock::now());
  const TopicPartition partition{range_.topic, range_.partition};
  const FetchLimits limits{.records_max = std::clamp<std::size_t>(records_max, 1, kTurn.records_max),
                           .bytes_max = kTurn.bytes_max};
  return log_.ask<std::vector<StoredRecord>>(
      [partition, next = next_, limits](LogStorage& storage) {
        return storage.fetch(partition, next, limits);
      },
      std::max(left, Milliseconds{0}));
}

// Where nothing is left up to the end, this is the end.
void EmbeddedEventLog::Scan::take(std::vector<StoredRecord> fetched, std::vector<StoredRecord>& records) {
  if (fetched.empty()) next_ = end_;
  for (StoredRecord& record : fetched) {
    next_ = std::min(end_, Offset{record.position.offset.value + 1});
    if (record.position.offset >= end_) return;
    if (is_within_times(range_, record.appended_at)) records.push_back(std::move(record));
  }
}

}  // namespace penstock
