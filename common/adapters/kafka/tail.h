// Keeping up with a Kafka topic without a group.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/adapters/kafka/fetch_progress.h"
#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"
#include "common/ports/log_tail.h"

namespace penstock::kafka {

// Has a client of its own from the first call of next() on. Now and then it asks the cluster where the topic
// ends: so it knows that it is cut off although nothing would come anyway, fetches anew what the client has
// stopped fetching, and begins anew where the topic is another one, or deletions may have been missed. Another
// one is told by where it ends, or else by the times of its records, which begin after all that was told.
class Tail final : public LogTail {
 public:
  Tail(KafkaOptions options, const std::string& topic)
      : options_(std::move(options)), name_(options_.topic_prefix + topic), topic_(topic) {}

  // Beginning, and asking, takes two call deadlines at most.
  Result<TailBatch> next(std::size_t records_max, Milliseconds wait) override;

  // What it reads with, until it takes another one: for tests that have it fail.
  rd_kafka_t* client() const noexcept { return handle_.get(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Offsets = std::map<Partition, Offset>;

  Status begin();
  Status make_client();
  Result<std::vector<StoredRecord>> gather(std::size_t records_max, Milliseconds wait);
  Status take(const rd_kafka_message_t& message, std::vector<StoredRecord>& records);
  Error begin_anew_if_gone(Error error);
  Status look();
  Result<bool> was_made_anew() const;
  // Goes on from where it stands: with the same client first, then with another one.
  Status remedy_stalls(const Offsets& ends);
  Result<Offsets> edges(std::int64_t edge, Milliseconds deadline) const;
  Status assign() const;
  bool has_reached(const Offsets& ends) const;

  const KafkaOptions options_;
  const std::string name_;
  const std::string topic_;
  Handle handle_;
  bool begun_ = false;
  bool anew_ = false;     // not told yet
  bool drained_ = false;  // at the last gather()
  Offsets next_;
  std::map<Partition, Timestamp> newest_;  // of what was told
  Offsets present_at_;                     // where the topic ended when this began
  FetchProgress progress_;
  SteadyTime look_at_;
  SteadyTime up_to_date_at_;
  std::optional<Error> away_;  // what the last look met
};

}  // namespace penstock::kafka
