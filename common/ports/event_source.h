// What the worker pools consume, and what is looked up of it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "common/ports/event_record.h"

namespace penstock {

inline constexpr std::size_t kProgressNoteBytesMax = 512;

// What a consumer logs when partitions are given to it or taken away: one line a topic, naming them.
void log_partitions(std::string_view message, std::string_view group, std::vector<TopicPartition> partitions);

// One consumer of a group. Used by one thread. Destruction leaves the group and is bounded in time.
class EventConsumer {
 public:
  virtual ~EventConsumer() = default;

  // Up to `records_max` records in partition order; waits at most `wait` for the first one. An empty answer
  // is no error. Keeps the group membership alive, so call it at least every few seconds, also while paused.
  // Errors: unavailable or timeout (safe: call again), corrupt (the next record of a partition cannot be read;
  // nothing behind it is handed over until it can, so call again), fenced (another member took this one's
  // identity).
  virtual Result<std::vector<StoredRecord>> poll(std::size_t records_max, Milliseconds wait) = 0;

  // Makes durable that everything up to and including these positions is done. A partition that has been
  // taken away meanwhile is skipped without an error: its next owner reads those records again.
  virtual Status commit(std::span<const Position> last_done) = 0;

  // Leaves a short text (kProgressNoteBytesMax at most, else invalid) beside the group's offsets of these
  // positions' partitions, for whoever asks for the group's progress; the next commit() of a partition takes
  // it away. `next` are the positions that are not done yet. A partition that has been taken away meanwhile
  // is skipped. Errors as commit()'s.
  virtual Status annotate(std::span<const Position> next, std::string_view note) = 0;

  // While paused, poll() returns nothing and keeps the partitions.
  virtual void pause() = 0;
  virtual void resume() = 0;

  // Changes whenever partitions were taken away or given: records polled before
  // that may be someone else's now.
  virtual std::uint64_t generation() const noexcept = 0;
};

struct PartitionProgress {
  Partition partition;
  Offset committed;  // the next offset the group will read; the log's start when it never committed
  Offset end;        // the offset the next append gets
  std::string note;  // what the partition's consumer left with annotate(); empty: nothing
};

struct GroupProgress {
  std::vector<PartitionProgress> partitions;
  int members = 0;  // consumers that are in the group now
};

// All methods may be called from any thread.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Joins `group` as a consumer of `topics`. Starts at the group's committed offsets, else at the beginning.
  virtual Result<std::unique_ptr<EventConsumer>> subscribe(std::string group,
                                                           std::vector<std::string> topics) = 0;

  // The record at a position; nullopt when it is not there (never was, or retention dropped it). Blocks.
  virtual Result<std::optional<StoredRecord>> read(const Position& position) = 0;

  // How far a group is in a topic. Blocks.
  virtual Result<GroupProgress> progress(const std::string& group, const std::string& topic) = 0;
};

}  // namespace penstock
