// The Kafka log while the cluster is away, hangs, dies, or fails its producer.
#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <atomic>
#include <set>

#include "common/adapters/kafka/event_log.h"
#include "common/adapters/kafka/handles.h"
#include "tests/contract/event_log/kafka_broker.h"
#include "tests/contract/event_log/kafka_harness.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::AnyOf;

bool becomes_ready(EventLog& log) {
  const auto until = SteadyClock::now() + 2 * kPatience;
  while (SteadyClock::now() < until)
    if (log.ready({"payments"})) return true;
  return false;
}

class KafkaFaults : public testing::Test {
 protected:
  static void SetUpTestSuite() { broker_ = std::make_unique<Broker>(); }
  static void TearDownTestSuite() { broker_.reset(); }

  void SetUp() override {
    KafkaOptions options = kafka_options(broker_->address());
    options.append_deadline = Milliseconds{3'000};
    log_ = open_kafka_log(options).value();
    const auto until = SteadyClock::now() + 2 * kPatience;
    Status created = log_->create_topics({"payments"});
    while (!created && SteadyClock::now() < until) created = log_->create_topics({"payments"});
    ASSERT_TRUE(created) << created.error().detail;
    ASSERT_TRUE(becomes_ready(*log_));
  }

  void expect_failure_by_the_deadline() {
    const auto started = SteadyClock::now();
    const Result<Position> failed = append_and_wait(*log_, make_record("k", "maybe"));
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().code, AnyOf(ErrorCode::timeout, ErrorCode::unavailable));
    EXPECT_LE(SteadyClock::now() - started, kPatience);
  }

  static std::unique_ptr<Broker> broker_;
  std::unique_ptr<EventLog> log_;
};

std::unique_ptr<Broker> KafkaFaults::broker_;

TEST_F(KafkaFaults, AHangingBrokerFailsAppendsByTheirDeadlineUntilItGoesOn) {
  const auto consumer = log_->subscribe("faults", {"payments"}).value();
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "before")));
  ASSERT_EQ(poll_records(*consumer, 1).size(), 1U);
  broker_->hang();
  expect_failure_by_the_deadline();
  const auto started = SteadyClock::now();
  EXPECT_FALSE(log_->ready({"payments"}));
  EXPECT_TRUE(consumer->poll(10, Milliseconds{100}));
  EXPECT_LE(SteadyClock::now() - started, kPatience);
  broker_->go_on();
  ASSERT_TRUE(becomes_ready(*log_));
  const Result<Position> after = append_and_wait(*log_, make_record("k", "after"));
  ASSERT_TRUE(after) << after.error().detail;
  std::set<std::string> seen;
  const auto receive = [&](EventConsumer&, const std::vector<StoredRecord>& records) {
    for (const std::string& value : values_of(records)) seen.insert(value);
  };
  EXPECT_TRUE(poll_until({consumer.get()}, receive, [&] { return seen.contains("after"); }));
}

TEST_F(KafkaFaults, WhatWasAcknowledgedOutlivesAKilledBroker) {
  std::set<Position> acknowledged;
  for (int i = 0; i < 50; ++i)
    acknowledged.insert(append_and_wait(*log_, make_record(std::to_string(i), "before")).value());
  broker_->kill_now();
  expect_failure_by_the_deadline();
  broker_->start();
  ASSERT_TRUE(becomes_ready(*log_));
  const Result<Position> after = append_and_wait(*log_, make_record("k", "after"));
  ASSERT_TRUE(after) << after.error().detail;
  acknowledged.insert(after.value());
  const auto consumer = log_->subscribe("faults", {"payments"}).value();
  const auto receive = [&](EventConsumer&, const std::vector<StoredRecord>& records) {
    for (const Position& position : positions_of(records)) acknowledged.erase(position);
  };
  EXPECT_TRUE(poll_until({consumer.get()}, receive, [&] { return acknowledged.empty(); }));
}

TEST(KafkaAway, OpeningWorksAndAppendsFailByTheirDeadline) {
  KafkaOptions options = kafka_options("127.0.0.1:" + std::to_string(free_port()));
  options.append_deadline = Milliseconds{2'000};
  options.call_deadline = Milliseconds{500};
  const auto log = open_kafka_log(options).value();
  const auto started = SteadyClock::now();
  const Result<Position> failed = append_and_wait(*log, make_record("k", "v"));
  ASSERT_FALSE(failed);
  EXPECT_LE(SteadyClock::now() - started, kPatience);
  EXPECT_THAT(log->ready({"payments"}).error().code, AnyOf(ErrorCode::timeout, ErrorCode::unavailable));
  EXPECT_THAT(log->create_topics({"payments"}).error().code,
              AnyOf(ErrorCode::timeout, ErrorCode::unavailable));
  EXPECT_FALSE(log->progress("g", "payments"));
  EXPECT_FALSE(log->read({"payments", Partition{0}, Offset{0}}));
}

TEST(KafkaAway, ClosingWithAppendsUnderWayAnswersThem) {
  KafkaOptions options = kafka_options("127.0.0.1:" + std::to_string(free_port()));
  options.append_deadline = Milliseconds{1'000};
  std::atomic<int> answered = 0;
  auto log = open_kafka_log(options).value();
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(log->append(make_record("k", "v"), [&](const Result<Position>& result) {
      EXPECT_FALSE(result);
      ++answered;
    }));
  log.reset();
  EXPECT_EQ(answered, 10);
}

// A cluster inside librdkafka whose answers the test chooses.
class MockCluster {
 public:
  MockCluster() : owner_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)) {
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
  }
  ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void create_topic(const std::string& name, int partitions = 1) {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
  }
  void take_leader(const std::string& topic, Partition partition) {
    rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition.value, kNoBroker);
  }
  void deny_topic(const std::string& name) {
    rd_kafka_mock_topic_set_error(cluster_, name.c_str(), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }
  void answer_after(Milliseconds delay) {
    rd_kafka_mock_broker_set_rtt(cluster_, kOnlyBroker, static_cast<int>(delay.count()));
  }
  void fail_next(std::int16_t request, rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, request, 1, error);
  }

 private:
  static constexpr std::int32_t kNoBroker = -1;
  static constexpr std::int32_t kOnlyBroker = 1;

  kafka::Handle owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

constexpr std::int16_t kProduceRequest = 0;
constexpr std::int16_t kInitProducerIdRequest = 22;

// The cluster inside librdkafka answers no question about configuration.
TEST(KafkaWithoutRights, ATopicWhoseConfigurationIsNotToldIsTrusted) {
  MockCluster cluster;
  KafkaOptions options = kafka_options(cluster.address());
  options.partitions = 1;
  options.call_deadline = Milliseconds{300};
  cluster.create_topic(options.topic_prefix + "payments");
  const auto log = open_kafka_log(options).value();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 2; ++i) {
    const Status ready = log->ready({"payments"});
    EXPECT_TRUE(ready) << ready.error().detail;
  }
  const std::string logged = testing::internal::GetCapturedStderr();
  const std::size_t warned = logged.find("does not tell the configuration");
  EXPECT_NE(warned, std::string::npos) << logged;
  EXPECT_EQ(logged.find("does not tell the configuration", warned + 1), std::string::npos) << "said once";
  EXPECT_TRUE(append_and_wait(*log, make_record("k", "v")));
}

// A key whose records go to that partition.
std::string key_in(EventLog& log, Partition partition) {
  for (int i = 0; i < 100; ++i) {
    std::string key = "k" + std::to_string(i);
    const auto appended = append_and_wait(log, make_record(key, "v"));
    if (appended && appended.value().partition == partition) return key;
  }
  ADD_FAILURE() << "no key is";
  return {};
}

TEST(KafkaWithoutLeaders, OnePartitionCostsItsOwnEventsAndAllOfThemReadiness) {
  MockCluster cluster;
  KafkaOptions options = kafka_options(cluster.address());
  options.partitions = 2;
  options.call_deadline = Milliseconds{300};
  options.append_deadline = Milliseconds{2'000};
  const std::string topic = options.topic_prefix + "payments";
  cluster.create_topic(topic, 2);
  const auto log = open_kafka_log(options).value();
  const std::string lost = key_in(*log, Partition{0});
  const std::string kept = key_in(*log, Partition{1});
  testing::internal::CaptureStderr();
  cluster.take_leader(topic, Partition{0});
  for (int i = 0; i < 2; ++i) {
    const Status ready = log->ready({"payments"});
    EXPECT_TRUE(ready) << ready.error().detail;
  }
  EXPECT_TRUE(append_and_wait(*log, make_record(kept, "v")));
  EXPECT_FALSE(append_and_wait(*log, make_record(lost, "v")));
  const std::string logged = testing::internal::GetCapturedStderr();
  const std::size_t said = logged.find("kafka partitions take no records");
  ASSERT_NE(said, std::string::npos) << logged;
  EXPECT_NE(logged.find("payments/0", said), std::string::npos) << logged;
  EXPECT_EQ(logged.find("kafka partitions take no records", said + 1), std::string::npos) << "said once";

  cluster.take_leader(topic, Partition{1});
  const Status none = log->ready({"payments"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::unavailable);
  EXPECT_NE(none.error().detail.find("payments/0,payments/1"), std::string::npos) << none.error().detail;
}

// A program that starts must not take a slow cluster for one that is away, and its topics for the right ones.
TEST(KafkaSlow, TheFirstLookAtTopicsWaitsForItsAnswer) {
  MockCluster cluster;
  const KafkaOptions options = kafka_options(cluster.address());
  cluster.deny_topic(options.topic_prefix + "payments");
  cluster.answer_after(Milliseconds{1'200});
  const auto log = open_kafka_log(options).value();
  EXPECT_EQ(log->ready({"payments"}).error().code, ErrorCode::wrong_schema);
}

class KafkaFatal : public testing::Test {
 protected:
  KafkaOptions options() {
    KafkaOptions options = kafka_options(cluster_.address());
    options.on_producer_replaced = [this] { ++replaced_; };
    cluster_.create_topic(options.topic_prefix + "payments");
    return options;
  }
  // Appends until one succeeds, which a new producer needs a moment for.
  bool recovers(EventLog& log) {
    const auto until = SteadyClock::now() + kPatience;
    while (SteadyClock::now() < until)
      if (append_and_wait(log, make_record("k", "v"))) return true;
    return false;
  }

  MockCluster cluster_;
  std::atomic<int> replaced_ = 0;
};

TEST_F(KafkaFatal, AProducerThatIsRefusedItsIdIsReplaced) {
  cluster_.fail_next(kInitProducerIdRequest, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  const auto log = open_kafka_log(options()).value();
  EXPECT_TRUE(recovers(*log));
  EXPECT_EQ(replaced_, 1);
}

TEST_F(KafkaFatal, AppendsUnderWayAreAnsweredAndLaterOnesSucceed) {
  const auto log = open_kafka_log(options()).value();
  ASSERT_TRUE(append_and_wait(*log, make_record("k", "v")));
  cluster_.fail_next(kProduceRequest, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  const Result<Position> failed = append_and_wait(*log, make_record("k", "maybe"));
  ASSERT_FALSE(failed);
  EXPECT_TRUE(recovers(*log));
  EXPECT_EQ(replaced_, 1);
}

}  // namespace
}  // namespace penstock
