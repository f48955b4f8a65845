// The event log in memory, for tests: the embedded log on plain vectors, which can be made to fail.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "common/adapters/embedded/event_log.h"

namespace penstock {

// The faults may be set from any thread while the log runs.
class MemoryLogStorage final : public LogStorage {
 public:
  // The next write fails: the appends and offset commits that it groups are answered with this error.
  void fail_next_write(Error error);
  // While held, writes do not come back, so nothing is answered; reads wait behind them. Release before the
  // log is destroyed.
  void hold_writes();
  void release_writes();
  // While away, all calls are answered with unavailable.
  void set_available(bool available);
  // The record there cannot be read; nullopt: every one can.
  void damage(std::optional<Position> position);
  // How many groups of appends and commits were written.
  int writes() const;
  // Called on the log's thread after each piece that prune() or compact() dropped, with the number of its
  // records.
  void on_pruned(std::function<void(std::size_t)> call);

  Result<std::map<TopicPartition, Offset>> ends() override;
  Status create_topics(std::span<const std::string> topics, std::int32_t partitions) override;
  Status write(std::span<const NewRecord> records, std::span<const GroupOffset> offsets) override;
  Status probe(std::size_t bytes) override;
  Result<std::vector<StoredRecord>> fetch(const TopicPartition& partition, Offset from,
                                          FetchLimits limits) override;
  Result<Offset> start(const TopicPartition& partition) override;
  Status add_group(const std::string& group, std::span<const std::string> topics) override;
  Result<std::optional<Offset>> committed(const std::string& group, const TopicPartition& partition) override;
  Result<bool> prune(Timestamp older_than, const IsSpared& is_spared, const PieceLimits& limits) override;
  Result<bool> compact(Timestamp deletions_before, const PieceLimits& limits) override;
  Status drop(std::span<const Position> records) override;
  Result<bool> shrink(const PieceLimits& limits) override;

 private:
  using GroupOffsets = std::map<std::string, Offset>;  // by group; the start when it never committed

  struct Records {
    std::vector<StoredRecord> stored;
    Offset end;
    GroupOffsets groups;
    std::map<std::string, Offset> newest;  // by key, in a compacted topic
  };

  Status check_available();
  bool is_damaged(const Position& position) const;
  Status pass_faults();
  Offset consumed_by_all(const Records& records) const;
  void tell_dropped(std::size_t dropped);

  mutable std::mutex mutex_;  // of the faults and the count; the rest belongs to the log's thread
  std::condition_variable released_;
  std::optional<Error> next_error_;
  bool held_ = false;
  bool available_ = true;
  std::optional<Position> damaged_;
  int writes_ = 0;
  std::function<void(std::size_t)> on_pruned_;

  std::map<TopicPartition, Records> partitions_;
};

struct MemoryEventLog {
  std::unique_ptr<EmbeddedEventLog> log;
  MemoryLogStorage* storage = nullptr;  // the log's own
};

// The clock must outlive the log.
MemoryEventLog open_memory_log(const EmbeddedLogOptions& options, const Clock& clock);

}  // namespace penstock
