// The consuming half of the Kafka log: one member of a consumer group.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"
#include "common/ports/event_log.h"

namespace penstock::kafka {

// EventConsumer's guarantees, with these particulars: after every rebalance it starts again at the committed
// offsets, whether or not it kept its partitions; a consumer that gets nothing for `stalled_after` although
// there is something joins anew; leaving that takes longer than `close_deadline` is given up (and leaks the
// client: its threads may still use it).
class Consumer final : public EventConsumer {
 public:
  // Does not wait for the cluster: joining happens in poll(). Errors: invalid settings.
  static Result<std::unique_ptr<Consumer>> join(const KafkaOptions& options, const std::string& group,
                                                const std::vector<std::string>& topics);
  ~Consumer() override;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  Result<std::vector<StoredRecord>> poll(std::size_t records_max, Milliseconds wait) override;
  Status commit(std::span<const Position> last_done) override;
  Status annotate(std::span<const Position> next, std::string_view note) override;
  void pause() override;
  void resume() override;
  std::uint64_t generation() const noexcept override { return *generation_; }

 private:
  struct Membership;
  using SteadyTime = std::chrono::steady_clock::time_point;

  Consumer(KafkaOptions options, std::string group, std::vector<std::string> topics);

  Status join();
  void leave();
  Result<std::vector<StoredRecord>> gather(std::size_t records_max, SteadyTime until);
  Status watch_progress(bool progressed);
  // Skips what is not assigned.
  Status commit_next(std::span<const Position> next, std::string_view note);
  bool is_stalled() const;
  void set_paused(bool paused);

  const KafkaOptions options_;
  const std::string group_;
  const std::vector<std::string> topics_;
  const std::shared_ptr<std::atomic<std::uint64_t>> generation_;  // outlives a membership
  std::shared_ptr<Membership> membership_;
  SteadyTime progressed_at_;
};

// Is there a record between what was read and what is there? All three in the same order; a position that is
// not known yet (negative) counts as the start of the partition.
bool is_behind(const rd_kafka_topic_partition_list_t& positions,
               const rd_kafka_topic_partition_list_t& starts, const rd_kafka_topic_partition_list_t& ends);

}  // namespace penstock::kafka
