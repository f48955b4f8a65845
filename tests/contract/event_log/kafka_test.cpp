// The suite on a real Kafka, and what is Kafka's alone.
#include "tests/contract/event_log/kafka_harness.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "common/adapters/kafka/event_log.h"

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
  explicit KafkaHarness(const KafkaOptions& options) : log_(open_kafka_log(options).value()) {}
  EventLog& log() override { return *log_; }

 private:
  std::unique_ptr<EventLog> log_;
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

INSTANTIATE_TEST_SUITE_P(Kafka, EventLogContract, testing::Values(LogAdapter{"Kafka", make_kafka}),
                         adapter_name);

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
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, ErrorCode::fenced);
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
