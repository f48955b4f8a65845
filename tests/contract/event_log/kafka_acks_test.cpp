// What counts as an acknowledgement, against librdkafka's own mock cluster, whose answers can be chosen.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// The one before must come first.
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <future>
#include <string>

#include "common/adapters/kafka/event_log.h"
#include "common/adapters/kafka/settings.h"

namespace penstock::kafka {
namespace {

constexpr std::int16_t kProduce = 0;  // Kafka's number of that request

class MockCluster {
 public:
  MockCluster() {
    handle_ = make_handle(RD_KAFKA_PRODUCER, make_conf({}).value()).value();
    cluster_ = rd_kafka_mock_cluster_new(handle_.get(), 1);
  }
  ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void create_topic(const std::string& name) const {
    ASSERT_EQ(rd_kafka_mock_topic_create(cluster_, name.c_str(), 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // The next append is refused, but not before the one after it is on its way.
  void refuse_first_append(rd_kafka_resp_err_t why) const {
    constexpr int kLateMs = 500;
    ASSERT_EQ(rd_kafka_mock_broker_push_request_error_rtts(cluster_, 1, kProduce, 1, why, kLateMs),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  Handle handle_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

// A broker that knows nothing of a producer takes any sequence number. So when the first batch is refused and the
// second, sent behind it, is taken, the first is not in the log; librdkafka reports it delivered all the same.
TEST(KafkaAcks, WhatOnlyALaterBatchSeemsToConfirmIsNotAcknowledged) {
  const MockCluster cluster;
  cluster.create_topic("t.payments");
  auto log = open_kafka_log({.brokers = cluster.brokers(), .topic_prefix = "t."});
  ASSERT_TRUE(log) << log.error().detail;
  cluster.refuse_first_append(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);

  // Too large for one batch, so each is a request of its own.
  const std::string body(600'000, 'x');
  std::array<std::promise<Result<Position>>, 2> answers;
  for (auto& answer : answers)
    ASSERT_TRUE(log.value()->append({"payments", "key", body, {}},
                                    [&](const Result<Position>& at) { answer.set_value(at); }));
  const auto first = answers[0].get_future().get();
  const auto second = answers[1].get_future().get();
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second.value().offset.value, 0);
  ASSERT_FALSE(first) << "acknowledged at offset " << first.value().offset.value;
  EXPECT_EQ(first.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace penstock::kafka
