// The consuming half of the Kafka log: one member of a consumer group.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/adapters/kafka/fetch_progress.h"
#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"
#include "common/ports/event_log.h"

namespace penstock::kafka {

// EventConsumer's guarantees, with these particulars: after every rebalance it starts again at the committed
// offsets, whether or not it kept its partitions. A partition that brings nothing for `stalled_after` although
// it holds more, and all that was fetched by then has been polled, is fetched anew from where it stands; where
// that does not help, and nothing at all is left to poll, the consumer joins anew. To know, poll() asks the
// cluster about partitions that have not moved for half that time, for three seconds at most. A partition whose
// next record cannot be read is tried again, and said to be damaged, as often; the others go on. Leaving that
// takes longer than `close_deadline` is given up (and leaks the client: its threads may still use it).
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

  // What it consumes with, for as long as it does not join anew: for tests that have it fail.
  rd_kafka_t* client() const noexcept;

 private:
  struct Membership;
  struct Gathered {
    std::vector<StoredRecord> records;
    bool drained = false;  // nothing that was fetched was left
  };
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Damage {
    Offset next;  // what is to be read
    SteadyTime again_at;
  };

  Consumer(KafkaOptions options, std::string group, std::vector<std::string> topics);

  Status join();
  void leave();
  Result<Gathered> gather(std::size_t records_max, SteadyTime until);
  Error error_of_poll(const rd_kafka_message_t& message);
  void stay_before(const rd_kafka_message_t& damaged);
  void try_damaged_again();
  bool is_look_due(const Gathered& gathered);
  bool has_handed_over_what_was_fetched(const Gathered& gathered);
  StallRemedies look_for_stalls(bool may_join_anew);
  FetchProgress::Positions positions() const;
  // Of these, the ones that hold more than was handed over, with where they stand; null when the cluster did
  // not say.
  Partitions behind_of(const FetchProgress::Positions& unmoved) const;
  void refetch(const std::vector<TopicPartition>& stalled, const rd_kafka_topic_partition_list_t& behind);
  Status join_anew(const std::vector<TopicPartition>& stalled);
  // Skips what is not assigned.
  Status commit_next(std::span<const Position> next, std::string_view note);
  void set_paused(bool paused);

  const KafkaOptions options_;
  const std::string group_;
  const std::vector<std::string> topics_;
  const std::shared_ptr<std::atomic<std::uint64_t>> generation_;  // outlives a membership
  std::shared_ptr<Membership> membership_;
  std::optional<Error> met_;  // behind records, and not told yet
  std::map<TopicPartition, Damage> damaged_;
  FetchProgress progress_;
  std::uint64_t watched_generation_ = 0;  // what progress_ is about
  SteadyTime look_at_;
  std::optional<std::size_t> left_before_look_;  // of what was fetched when it fell due
};

// Those of which there is a record between what was read and what is there, with what is to be read next. All
// three in the same order; a position that is not known yet (negative) counts as the start of the partition.
Partitions behind(const rd_kafka_topic_partition_list_t& positions,
                  const rd_kafka_topic_partition_list_t& starts, const rd_kafka_topic_partition_list_t& ends);

}  // namespace penstock::kafka
