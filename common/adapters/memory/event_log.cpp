#include "common/adapters/memory/event_log.h"

#include <algorithm>
#include <utility>

namespace penstock {

void MemoryLogStorage::fail_next_write(Error error) {
  const std::scoped_lock lock(mutex_);
  next_error_ = std::move(error);
}

void MemoryLogStorage::hold_writes() {
  const std::scoped_lock lock(mutex_);
  held_ = true;
}

void MemoryLogStorage::release_writes() {
  const std::scoped_lock lock(mutex_);
  held_ = false;
  released_.notify_all();
}

void MemoryLogStorage::set_available(bool available) {
  const std::scoped_lock lock(mutex_);
  available_ = available;
}

void MemoryLogStorage::damage(std::optional<Position> position) {
  const std::scoped_lock lock(mutex_);
  damaged_ = std::move(position);
}

bool MemoryLogStorage::is_damaged(const Position& position) const {
  const std::scoped_lock lock(mutex_);
  return damaged_ == position;
}

int MemoryLogStorage::writes() const {
  const std::scoped_lock lock(mutex_);
  return writes_;
}

void MemoryLogStorage::on_pruned(std::function<void(std::size_t)> call) {
  const std::scoped_lock lock(mutex_);
  on_pruned_ = std::move(call);
}

Status MemoryLogStorage::check_available() {
  const std::scoped_lock lock(mutex_);
  if (available_) return ok();
  return Error{ErrorCode::unavailable, "the memory log was told to be away"};
}

Status MemoryLogStorage::pass_faults() {
  TRY_STATUS(check_available());
  std::unique_lock lock(mutex_);
  released_.wait(lock, [&] { return !held_; });
  ++writes_;
  if (!next_error_) return ok();
  return *std::exchange(next_error_, std::nullopt);
}

Result<std::map<TopicPartition, Offset>> MemoryLogStorage::ends() {
  TRY_STATUS(check_available());
  std::map<TopicPartition, Offset> ends;
  for (const auto& [partition, records] : partitions_) ends[partition] = records.end;
  return ends;
}

Status MemoryLogStorage::create_topics(std::span<const std::string> topics, std::int32_t partitions) {
  TRY_STATUS(check_available());
  for (const std::string& topic : topics)
    for (std::int32_t number = 0; number < partitions; ++number) partitions_[{topic, Partition{number}}];
  return ok();
}

Status MemoryLogStorage::write(std::span<const NewRecord> records, std::span<const GroupOffset> offsets) {
  TRY_STATUS(pass_faults());
  for (const NewRecord& added : records) {
    Records& partition = partitions_.at({added.position.topic, added.position.partition});
    const Record& record = *added.record;
    partition.stored.push_back(
        {added.position, added.appended_at, record.key, record.value, record.headers, record.deletion});
    if (added.compacted) partition.newest[record.key] = added.position.offset;
    partition.end = Offset{added.position.offset.value + 1};
  }
  for (const GroupOffset& offset : offsets) {
    Offset& committed = partitions_.at(offset.partition).groups[offset.group];
    committed = std::max(committed, offset.next);
  }
  return ok();
}

Status MemoryLogStorage::probe(std::size_t) { return check_available(); }

Result<std::vector<StoredRecord>> MemoryLogStorage::fetch(const TopicPartition& partition, Offset from,
                                                          FetchLimits limits) {
  TRY_STATUS(check_available());
  std::vector<StoredRecord> found;
  const auto records = partitions_.find(partition);
  if (records == partitions_.end()) return found;
  const std::vector<StoredRecord>& stored = records->second.stored;
  auto next = std::lower_bound(
      stored.begin(), stored.end(), from,
      [](const StoredRecord& record, Offset offset) { return record.position.offset < offset; });
  std::size_t bytes = 0;
  for (; next != stored.end() && found.size() < limits.records_max && bytes < limits.bytes_max; ++next) {
    if (is_damaged(next->position)) {
      if (found.empty())
        return Error{ErrorCode::corrupt, to_text(next->position) + " was told to be damaged"};
      break;
    }
    found.push_back(*next);
    bytes += next->value.size() + 1;
  }
  return found;
}

Result<Offset> MemoryLogStorage::start(const TopicPartition& partition) {
  TRY_STATUS(check_available());
  const Records& records = partitions_.at(partition);
  return records.stored.empty() ? records.end : records.stored.front().position.offset;
}

Status MemoryLogStorage::add_group(const std::string& group, std::span<const std::string> topics) {
  TRY_STATUS(check_available());
  for (auto& [partition, records] : partitions_)
    if (std::find(topics.begin(), topics.end(), partition.topic) != topics.end())
      records.groups.try_emplace(group, Offset{0});
  return ok();
}

Result<std::optional<Offset>> MemoryLogStorage::committed(const std::string& group,
                                                          const TopicPartition& partition) {
  TRY_STATUS(check_available());
  const GroupOffsets& groups = partitions_.at(partition).groups;
  const auto committed = groups.find(group);
  if (committed == groups.end()) return std::nullopt;
  return committed->second;
}

Offset MemoryLogStorage::consumed_by_all(const Records& records) const {
  Offset consumed = records.groups.empty() ? Offset{0} : records.end;
  for (const auto& [group, next] : records.groups) consumed = std::min(consumed, next);
  return consumed;
}

Result<bool> MemoryLogStorage::prune(Timestamp older_than, const IsSpared& is_spared,
                                     const PieceLimits& limits) {
  TRY_STATUS(check_available());
  std::size_t dropped = 0;
  for (auto& [partition, records] : partitions_) {
    if (is_spared(partition.topic)) continue;
    const Offset consumed = consumed_by_all(records);
    auto& stored = records.stored;
    auto next = stored.begin();
    while (next != stored.end() && dropped < limits.records_max && next->position.offset < consumed &&
           next->appended_at < older_than) {
      ++next;
      ++dropped;
    }
    stored.erase(stored.begin(), next);
  }
  tell_dropped(dropped);
  return dropped == limits.records_max;
}

void MemoryLogStorage::tell_dropped(std::size_t dropped) {
  std::unique_lock lock(mutex_);
  const auto call = on_pruned_;
  lock.unlock();
  if (call && dropped > 0) call(dropped);
}

Result<bool> MemoryLogStorage::compact(Timestamp deletions_before, const PieceLimits& limits) {
  TRY_STATUS(check_available());
  std::size_t dropped = 0;
  for (auto& [partition, records] : partitions_) {
    if (records.newest.empty()) continue;
    std::erase_if(records.stored, [&, &newest = records.newest](const StoredRecord& stored) {
      const auto of_key = newest.find(stored.key);
      const bool is_newest = of_key->second == stored.position.offset;
      const bool is_over = is_newest && stored.deletion && stored.appended_at < deletions_before;
      if (dropped == limits.records_max || (is_newest && !is_over)) return false;
      if (is_over) newest.erase(of_key);
      ++dropped;
      return true;
    });
  }
  tell_dropped(dropped);
  return dropped == limits.records_max;
}

Status MemoryLogStorage::drop(std::span<const Position> records) {
  TRY_STATUS(check_available());
  for (const Position& position : records) {
    const auto partition = partitions_.find({position.topic, position.partition});
    if (partition == partitions_.end()) continue;
    std::erase_if(partition->second.stored,
                  [&](const StoredRecord& stored) { return stored.position == position; });
  }
  return ok();
}

Result<bool> MemoryLogStorage::shrink(const PieceLimits&) { return false; }

MemoryEventLog open_memory_log(const EmbeddedLogOptions& options, const Clock& clock) {
  auto storage = std::make_unique<MemoryLogStorage>();
  MemoryLogStorage* faults = storage.get();
  return {EmbeddedEventLog::open(options, std::move(storage), clock).value(), faults};
}

}  // namespace penstock
