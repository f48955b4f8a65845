// The log: what an event is appended to before it is acknowledged, and what the worker pools consume.
// Adapters: Kafka (production), SQLite (one process), memory (tests). One contract suite holds for all of
// them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/core/ids.h"
#include "common/core/result.h"
#include "common/core/time.h"

namespace penstock {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of that name; nullopt when there is none.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) noexcept;

// What is appended. `topic` is the short name of design.md §3 ("payments"); the adapter adds the prefix.
// Records of one topic with equal keys keep their order.
struct Record {
  std::string topic;
  std::string key;
  std::string value;  // the raw bytes as received
  Headers headers;
};

struct Position {
  std::string topic;
  Partition partition;
  Offset offset;
  auto operator<=>(const Position&) const = default;
};

// "topic/partition/offset", and back; nullopt for anything else.
std::string to_text(const Position& position);
std::optional<Position> parse_position(std::string_view text);

struct TopicPartition {
  std::string topic;
  Partition partition;
  auto operator<=>(const TopicPartition&) const = default;
};

// What a consumer logs when partitions are given to it or taken away: one line a topic, naming them.
void log_partitions(std::string_view message, std::string_view group, std::vector<TopicPartition> partitions);

inline constexpr std::size_t kProgressNoteBytesMax = 512;

struct StoredRecord {
  Position position;
  Timestamp appended_at;
  std::string key;
  std::string value;
  Headers headers;
};

// One consumer of a group. Used by one thread. Destruction leaves the group and is bounded in time.
class EventConsumer {
 public:
  virtual ~EventConsumer() = default;

  // Up to `records_max` records in partition order; waits at most `wait` for the first one. An empty answer
  // is no error. Keeps the group membership alive, so call it at least every few seconds, also while paused.
  // Errors: unavailable or timeout (safe: call again), fenced (another member took this one's identity).
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

  // Changes whenever partitions were taken away or given: records polled before that may be someone else's
  // now.
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

// Called exactly once per accepted append, from a thread of the log, never from inside append(). Must not
// block or throw. The position is where the record now durably is.
using AppendDone = std::function<void(Result<Position>)>;

// Which of these dead letters are of events that are parked still: one answer each, in order.
using StillParked = std::function<Result<std::vector<bool>>(std::span<const StoredRecord> letters)>;

// All methods may be called from any thread.
class EventLog {
 public:
  virtual ~EventLog() = default;

  // Takes the record or refuses it at once (overloaded: the bounded queue is full; then `done` is not
  // called). Never blocks. `done` gets the position once the record is as durable as the log makes it (Kafka:
  // acks=all; SQLite: committed with fsync), or an error by the append deadline at the latest: timeout and
  // unavailable mean unknown_outcome, since the record may still get there.
  virtual Status append(Record record, AppendDone done) = 0;

  // Blocks until all accepted appends are answered, or the deadline passed (timeout).
  virtual Status flush(Milliseconds deadline) = 0;

  // Joins `group` as a consumer of `topics`. Starts at the group's committed offsets, else at the beginning.
  virtual Result<std::unique_ptr<EventConsumer>> subscribe(std::string group,
                                                           std::vector<std::string> topics) = 0;

  // The record at a position; nullopt when it is not there (never was, or retention dropped it). Blocks.
  virtual Result<std::optional<StoredRecord>> read(const Position& position) = 0;

  // How far a group is in a topic. Blocks.
  virtual Result<GroupProgress> progress(const std::string& group, const std::string& topic) = 0;

  // Makes these topics what the settings say: creates what is missing, and alters what is weaker than meant
  // (never makes anything weaker or smaller). Idempotent, and safe from two places at once. Errors: invalid,
  // naming the topic and both values, for what cannot be altered. Blocks.
  virtual Status create_topics(const std::vector<std::string>& topics) = 0;

  // Drops records that were appended before that instant and that every group of their topic has committed.
  // Dead letters (the topic `parked`) are kept for as long as `still_parked` says so; without it, and in
  // other topics that nobody consumes, everything is kept. One bounded run: true when there is more to drop,
  // so call again. A log that ages its records out by itself does nothing. Blocks; appends are answered in
  // between. One caller at a time.
  virtual Result<bool> prune(Timestamp older_than, const StillParked& still_parked) = 0;

  // Can an append succeed now, and are these topics there and as strong as the settings say (else
  // wrong_schema, naming topic and value)? Never creates anything. Blocks for a second at most, the first
  // time for a few.
  virtual Status ready(const std::vector<std::string>& topics) = 0;
};

}  // namespace penstock
