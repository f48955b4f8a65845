// The asking half of the Kafka log: single records, and how far groups are.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"
#include "common/ports/event_log.h"

namespace penstock::kafka {

// All methods may be called from any thread, and block until the call deadline at most. The client behind
// them is made with the first call and kept, so a program that never asks has no further connections.
class Client {
 public:
  explicit Client(KafkaOptions options) : options_(std::move(options)) {}

  // Reads are made one after the other.
  Result<std::optional<StoredRecord>> read(const Position& position);
  Result<GroupProgress> progress(const std::string& group, const std::string& topic);
  // Errors: wrong_schema naming the first that is missing.
  Status check_topics(const std::vector<std::string>& topics);
  // Errors: wrong_schema when there is no such topic or partition.
  Status check_partition(const TopicPartition& partition);

 private:
  Result<rd_kafka_t*> handle();
  Result<bool> has_partition(const TopicPartition& partition);
  // An unknown topic is wrong_schema.
  Result<Partitions> partitions_of(const std::vector<std::string>& topics);
  Result<int> count_members(const std::string& group);
  Result<Partitions> committed_offsets(const std::string& group, const Partitions& partitions);

  const KafkaOptions options_;
  std::mutex handle_mutex_;
  Handle handle_;          // never exchanged once made
  std::mutex read_mutex_;  // one assignment at a time
};

}  // namespace penstock::kafka
