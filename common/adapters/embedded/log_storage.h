// What an embedded log keeps its records and its groups' offsets in. The log calls it from its one thread
// only, so implementations need no locks. Any call may fail with unavailable (disk) or corrupt.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/adapters/embedded/consumer_groups.h"
#include "common/ports/event_log.h"

namespace penstock {

struct NewRecord {
  Position position;
  Timestamp appended_at;
  const Record* record = nullptr;
  bool compacted = false;  // its topic is: it replaces what its key had in the partition
};

// `next` is the offset the group reads next.
struct GroupOffset {
  std::string group;
  TopicPartition partition;
  Offset next;
};

struct FetchLimits {
  std::size_t records_max = 0;
  std::size_t bytes_max = 0;  // passed by the last record at most
};

// How much one piece of tidying up may take: appends wait for it.
struct PieceLimits {
  std::size_t records_max = 0;
  std::size_t bytes_max = 0;  // passed by the last record at most
  Milliseconds time_max{};    // after it, no further record is begun
};

// Whether age alone drops nothing of a topic.
using IsSpared = std::function<bool(const std::string& topic)>;

class LogStorage {
 public:
  virtual ~LogStorage() = default;

  // Every partition there is, with the offset its next record gets.
  virtual Result<std::map<TopicPartition, Offset>> ends() = 0;
  // With the partitions of ConsumerGroups; existing ones stay as they are.
  virtual Status create_topics(std::span<const std::string> topics, std::int32_t partitions) = 0;

  // All of it or nothing, and durable when it returns. Records come in offset order within each partition. An
  // offset below the group's committed one is ignored.
  virtual Status write(std::span<const NewRecord> records, std::span<const GroupOffset> offsets) = 0;
  // Could write() take `bytes` now? Called often, so it only tries when the last write failed or there is
  // hardly room; leaves no record. Errors: unavailable, which says where the disk is full.
  virtual Status probe(std::size_t bytes) = 0;

  // In offset order, from `from` on; gaps that pruning and compaction left are passed over. Up to the
  // first record that cannot be read; an error when that is the first one.
  virtual Result<std::vector<StoredRecord>> fetch(const TopicPartition& partition, Offset from,
                                                  FetchLimits limits) = 0;
  // The offset of the oldest record; the end when there is none.
  virtual Result<Offset> start(const TopicPartition& partition) = 0;

  // Remembers that the group consumes these topics, so that pruning waits for it.
  virtual Status add_group(const std::string& group, std::span<const std::string> topics) = 0;
  // Nullopt when the group never committed there.
  virtual Result<std::optional<Offset>> committed(const std::string& group,
                                                  const TopicPartition& partition) = 0;

  // Drops one piece of the records appended before that instant which every group of their topic has
  // committed. Topics that no group consumes are kept whole, and so are the spared. True: there may be more.
  virtual Result<bool> prune(Timestamp older_than, const IsSpared& is_spared, const PieceLimits& limits) = 0;
  // Drops one piece of the records of compacted topics that a newer one of their key has replaced, and of the
  // deletions appended before that instant, with all that is known of their keys. True: there may be more.
  virtual Result<bool> compact(Timestamp deletions_before, const PieceLimits& limits) = 0;
  // Drops these records, whoever consumes them; absent ones are no error.
  virtual Status drop(std::span<const Position> records) = 0;
  // Gives one piece of the room that was dropped back to the disk. True: there may be more.
  virtual Result<bool> shrink(const PieceLimits& limits) = 0;
};

}  // namespace penstock
