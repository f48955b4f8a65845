// The suite on a real Kafka, and what is Kafka's alone.
#include "tests/contract/event_log/kafka_harness.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <set>
#include <utility>

#include "common/adapters/kafka/admin.h"
#include "common/adapters/kafka/event_log.h"
#include "common/adapters/kafka/settings.h"
#include "tests/contract/event_log/reading_contract.h"

namespace penstock {

std::string kafka_brokers() {
  const char* address = std::getenv("PENSTOCK_TEST_KAFKA");
  if (address != nullptr && *address != '\0') return address;
  ADD_FAILURE() << "PENSTOCK_TEST_KAFKA is not set: start the tests through ./tests/run, which starts Kafka";
  return "";
}

KafkaOptions kafka_options(std::string brokers) {
  KafkaOptions options;
  options.brokers = std::move(brokers);
  options.topic_prefix = unique_prefix();
  options.session_timeout = Milliseconds{6'000};  // the least that a broker allows
  options.partitions = 3;
  return options;
}

namespace {

class KafkaHarness final : public LogHarness {
 public:
  explicit KafkaHarness(const KafkaOptions& options)
      : options_(options),
        log_(open_kafka_log(options).value()),
        client_(
            kafka::make_handle(RD_KAFKA_CONSUMER, kafka::make_conf(kafka::reader_settings(options)).value())
                .value()) {}
  EventLog& log() override { return *log_; }

  void drop_before(const Position& position) override {
    const kafka::Partitions before(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(before.get(), name(position.topic).c_str(), position.partition.value)
        ->offset = position.offset.value;
    const std::unique_ptr<rd_kafka_DeleteRecords_t, kafka::Destroy<rd_kafka_DeleteRecords_destroy>> wanted(
        rd_kafka_DeleteRecords_new(before.get()));
    const kafka::Queue answers(rd_kafka_queue_new(client_.get()));
    rd_kafka_DeleteRecords_t* handle = wanted.get();
    rd_kafka_DeleteRecords(client_.get(), &handle, 1, nullptr, answers.get());
    ASSERT_TRUE(kafka::await_admin(answers, kPatience, "delete records"));
  }

  // Only closed segments are compacted, and a segment is closed by an append.
  void compact() override {
    if (!std::exchange(compacts_quickly_, true)) {
      set_config(RD_KAFKA_RESOURCE_BROKER, "1", {{"log.cleaner.backoff.ms", "100"}});
      set_config(RD_KAFKA_RESOURCE_TOPIC, name("settings"),
                 {{"cleanup.policy", "compact"},
                  {"segment.ms", "100"},
                  {"min.cleanable.dirty.ratio", "0.01"},
                  {"max.compaction.lag.ms", "100"}});
    }
    std::set<Partition> reached;
    for (int i = 0; static_cast<int>(reached.size()) < options_.partitions; ++i)
      reached.insert(
          append_and_wait(*log_, make_record(kFiller + std::to_string(i), "", "settings")).value().partition);
  }

 private:
  std::string name(const std::string& topic) const { return options_.topic_prefix + topic; }
  void set_config(rd_kafka_ResourceType_t type, const std::string& name,
                  const std::vector<std::pair<std::string, std::string>>& configs) {
    const kafka::ConfigResource resource(rd_kafka_ConfigResource_new(type, name.c_str()));
    for (const auto& [setting, value] : configs)
      rd_kafka_ConfigResource_set_config(resource.get(), setting.c_str(), value.c_str());
    const kafka::Queue answers(rd_kafka_queue_new(client_.get()));
    rd_kafka_ConfigResource_t* handle = resource.get();
    rd_kafka_AlterConfigs(client_.get(), &handle, 1, nullptr, answers.get());
    const auto answer = kafka::await_admin(answers, kPatience, "alter");
    ASSERT_TRUE(answer) << answer.error().detail;
    std::size_t count = 0;
    const auto* const* altered = rd_kafka_AlterConfigs_result_resources(
        rd_kafka_event_AlterConfigs_result(answer.value().get()), &count);
    ASSERT_EQ(rd_kafka_ConfigResource_error(altered[0]), RD_KAFKA_RESP_ERR_NO_ERROR)
        << rd_kafka_ConfigResource_error_string(altered[0]);
  }

  const KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
  kafka::Handle client_;
  bool compacts_quickly_ = false;
};

}  // namespace

std::unique_ptr<LogHarness> make_kafka(LogLimits limits) {
  const std::string brokers = kafka_brokers();
  if (brokers.empty()) return nullptr;
  KafkaOptions options = kafka_options(brokers);
  options.queue_records_max = limits.queue_records_max;
  return std::make_unique<KafkaHarness>(options);
}

namespace {

const auto kAdapters = testing::Values(LogAdapter{"Kafka", make_kafka});
INSTANTIATE_TEST_SUITE_P(Kafka, EventLogContract, kAdapters, adapter_name);
INSTANTIATE_TEST_SUITE_P(Kafka, ReadingContract, kAdapters, adapter_name);

class KafkaLog : public testing::Test {
 protected:
  void SetUp() override {
    const std::string brokers = kafka_brokers();
    ASSERT_FALSE(brokers.empty());
    options_ = kafka_options(brokers);
    open();
  }
  void open() {
    auto opened = open_kafka_log(options_);
    ASSERT_TRUE(opened) << opened.error().detail;
    log_ = std::move(opened.value());
    const Status created = log_->create_topics({"payments", "waits"});
    ASSERT_TRUE(created) << created.error().detail;
    ASSERT_TRUE(log_->ready({"payments", "waits"}));
  }

  KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(KafkaLog, KeysAreSpreadOverThePartitions) {
  std::set<Partition> used;
  for (int i = 0; i < 30; ++i)
    used.insert(append_and_wait(*log_, make_record(std::to_string(i), "v")).value().partition);
  EXPECT_EQ(used.size(), 3U);
}

TEST_F(KafkaLog, ARestartedStaticMemberKeepsItsPartitions) {
  options_.instance_id = "worker-1";
  open();
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "v")));
  for (int start = 0; start < 2; ++start) {
    const auto consumer = log_->subscribe("static" + options_.topic_prefix, {"payments"}).value();
    EXPECT_EQ(poll_records(*consumer, 1).size(), 1U);
  }
}

TEST_F(KafkaLog, AMemberWhoseIdentityIsTakenIsFenced) {
  options_.instance_id = "worker-1";
  open();
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "v")));
  const std::string group = "fenced" + options_.topic_prefix;
  const auto first = log_->subscribe(group, {"payments"}).value();
  ASSERT_EQ(poll_records(*first, 1).size(), 1U);
  const auto second = log_->subscribe(group, {"payments"}).value();
  ASSERT_EQ(poll_records(*second, 1).size(), 1U);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  Result<std::vector<StoredRecord>> polled = std::vector<StoredRecord>{};
  while (polled && std::chrono::steady_clock::now() < until) polled = first->poll(10, Milliseconds{100});
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(polled) << "for good";
    EXPECT_EQ(polled.error().code, ErrorCode::fenced);
    polled = first->poll(10, Milliseconds{0});
  }
}

TEST(KafkaOptions, NonsenseIsInvalidAndNamed) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  options.linger = Milliseconds{-5};
  const auto opened = open_kafka_log(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::invalid);
  EXPECT_THAT(opened.error().detail, testing::HasSubstr("linger.ms"));
}

}  // namespace
}  // namespace penstock
