#include "common/adapters/kafka/event_log.h"

#include <utility>

#include "common/adapters/kafka/client.h"
#include "common/adapters/kafka/consumer.h"
#include "common/adapters/kafka/producer.h"
#include "common/adapters/kafka/scan.h"
#include "common/adapters/kafka/tail.h"
#include "common/adapters/kafka/topics.h"

namespace penstock {
namespace {

constexpr Milliseconds kReadyDeadline{1000};

class KafkaEventLog final : public EventLog {
 public:
  KafkaEventLog(const KafkaOptions& options, std::unique_ptr<kafka::Producer> producer)
      : options_(options), producer_(std::move(producer)), client_(options), topics_(options) {}

  Status append(Record record, AppendDone done) override {
    return producer_->append(std::move(record), std::move(done));
  }
  Status flush(Milliseconds deadline) override { return producer_->flush(deadline); }

  Result<std::unique_ptr<EventConsumer>> subscribe(std::string group,
                                                   std::vector<std::string> topics) override {
    TRY_STATUS(client_.check_topics(topics));
    TRY(std::unique_ptr<kafka::Consumer> consumer, kafka::Consumer::join(options_, group, topics));
    return std::unique_ptr<EventConsumer>(std::move(consumer));
  }

  Result<std::optional<StoredRecord>> read(const Position& position) override {
    return client_.read(position);
  }
  Result<std::unique_ptr<LogScan>> scan(const ScanRange& range) override {
    TRY_STATUS(check_range(range));
    TRY_STATUS(client_.check_partition({range.topic, range.partition}));
    TRY(kafka::ScanSlot slot, kafka::ScanSlot::take(open_scans_, options_.scans_max));
    return kafka::Scan::open(options_, range, std::move(slot));
  }
  Result<std::unique_ptr<LogTail>> tail(const std::string& topic) override {
    return std::unique_ptr<LogTail>(std::make_unique<kafka::Tail>(options_, topic));
  }
  Result<GroupProgress> progress(const std::string& group, const std::string& topic) override {
    return client_.progress(group, topic);
  }
  Status create_topics(const std::vector<std::string>& topics) override {
    return topics_.create(producer_->client().get(), topics);
  }
  // The topics' retention.ms does it; dead letters stay.
  Result<bool> prune(Timestamp, const StillParked&) override { return false; }
  Status ready(const std::vector<std::string>& topics) override {
    return topics_.ready(producer_->client().get(), topics, kReadyDeadline);
  }

 private:
  const KafkaOptions options_;
  std::unique_ptr<kafka::Producer> producer_;
  kafka::Client client_;
  kafka::Topics topics_;
  const std::shared_ptr<std::atomic<int>> open_scans_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace

Result<std::unique_ptr<EventLog>> open_kafka_log(const KafkaOptions& options) {
  TRY(std::unique_ptr<kafka::Producer> producer, kafka::Producer::open(options));
  return std::unique_ptr<EventLog>(std::make_unique<KafkaEventLog>(options, std::move(producer)));
}

}  // namespace penstock
