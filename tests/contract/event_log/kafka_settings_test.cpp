// Each setting that a promise rests on, read back out of librdkafka.
#include <gmock/gmock.h>

#include <array>
#include <string>

#include "common/adapters/kafka/consumer.h"
#include "common/adapters/kafka/settings.h"

namespace penstock::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

KafkaOptions some_options() {
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  return options;
}

// What a running client uses.
std::string read_back(const Handle& handle, const char* name) {
  std::array<char, 512> value{};
  std::size_t size = value.size();
  return rd_kafka_conf_get(rd_kafka_conf(handle.get()), name, value.data(), &size) == RD_KAFKA_CONF_OK
             ? std::string(value.data())
             : std::string("no such setting");
}

Handle start(rd_kafka_type_t type, const ClientSettings& settings) {
  return make_handle(type, make_conf(settings).value()).value();
}

void expect_settings(const Handle& handle, const ClientSettings& expected) {
  for (const auto& [name, value] : expected) EXPECT_EQ(read_back(handle, name.c_str()), value) << name;
}

TEST(KafkaSettings, TheProducerIsIdempotentDurableAndBounded) {
  const Handle producer = start(RD_KAFKA_PRODUCER, producer_settings(some_options()));
  expect_settings(producer, {{"enable.idempotence", "true"},
                             {"acks", "-1"},
                             {"compression.codec", "lz4"},
                             {"linger.ms", "1"},
                             {"socket.nagle.disable", "true"},
                             {"message.timeout.ms", "4000"},
                             {"message.max.bytes", "20971520"},
                             {"queue.buffering.max.messages", "100000"},
                             {"queue.buffering.max.kbytes", "65536"},
                             {"partitioner", "murmur2_random"},
                             {"max.in.flight.requests.per.connection", "5"}});
}

TEST(KafkaSettings, TheConsumerCommitsOnlyWhatItIsToldTo) {
  const Handle consumer = start(RD_KAFKA_CONSUMER, consumer_settings(some_options(), "penstock.payments"));
  expect_settings(consumer, {{"group.id", "penstock.payments"},
                             {"enable.auto.commit", "false"},
                             {"enable.auto.offset.store", "false"},
                             {"auto.offset.reset", "smallest"},  // librdkafka's word for earliest
                             {"partition.assignment.strategy", "range,roundrobin"},
                             {"session.timeout.ms", "10000"},
                             {"socket.nagle.disable", "true"},
                             {"queued.max.messages.kbytes", "16384"}});
}

TEST(KafkaSettings, NoClientLetsABrokerCreateTopics) {
  const KafkaOptions options = some_options();
  const ClientSettings never = {{"allow.auto.create.topics", "false"}};
  expect_settings(start(RD_KAFKA_PRODUCER, producer_settings(options)), never);
  expect_settings(start(RD_KAFKA_CONSUMER, consumer_settings(options, "g")), never);
  expect_settings(start(RD_KAFKA_CONSUMER, reader_settings(options)), never);
  expect_settings(start(RD_KAFKA_CONSUMER, bulk_reader_settings(options)), never);
}

TEST(KafkaSettings, WhoReadsMuchSkipsNothingAndHoldsAsMuchAsItReadsInASecond) {
  const Handle reader = start(RD_KAFKA_CONSUMER, bulk_reader_settings(some_options()));
  expect_settings(reader, {{"auto.offset.reset", "error"},
                           {"enable.auto.commit", "false"},
                           {"enable.partition.eof", "true"},
                           {"queued.min.messages", "1000000"},
                           {"queued.max.messages.kbytes", "32768"},
                           {"socket.timeout.ms", "10000"}});
}

TEST(KafkaSettings, MembershipIsStaticOnlyWithAnInstanceId) {
  KafkaOptions options = some_options();
  EXPECT_EQ(read_back(start(RD_KAFKA_CONSUMER, consumer_settings(options, "g")), "group.instance.id"),
            "no such setting");
  options.instance_id = "worker-1";
  EXPECT_EQ(read_back(start(RD_KAFKA_CONSUMER, consumer_settings(options, "g")), "group.instance.id"),
            "worker-1");
}

TEST(KafkaSettings, OptionsReachLibrdkafka) {
  KafkaOptions options = some_options();
  options.linger = Milliseconds{0};
  options.append_deadline = Milliseconds{700};
  options.queue_records_max = 9;
  options.queue_kbytes_max = 77;
  const Handle producer = start(RD_KAFKA_PRODUCER, producer_settings(options));
  expect_settings(producer, {{"linger.ms", "0"},
                             {"message.timeout.ms", "350"},
                             {"queue.buffering.max.messages", "9"},
                             {"queue.buffering.max.kbytes", "77"}});
}

Partitions offsets(std::initializer_list<std::int64_t> values) {
  Partitions list(rd_kafka_topic_partition_list_new(4));
  for (const std::int64_t value : values)
    rd_kafka_topic_partition_list_add(list.get(), "t", list->cnt)->offset = value;
  return list;
}

std::vector<std::int64_t> values(const Partitions& list) {
  std::vector<std::int64_t> found;
  for (int i = 0; i < list->cnt; ++i) found.push_back(list->elems[i].offset);
  return found;
}

TEST(KafkaProgress, BehindMeansThatARecordIsLeftToRead) {
  EXPECT_THAT(values(behind(*offsets({}), *offsets({}), *offsets({}))), IsEmpty());
  EXPECT_THAT(values(behind(*offsets({5, 7}), *offsets({0, 0}), *offsets({5, 7}))), IsEmpty());
  const Partitions found = behind(*offsets({5, 6}), *offsets({0, 0}), *offsets({5, 7}));
  ASSERT_THAT(values(found), ElementsAre(6));
  EXPECT_EQ(found->elems[0].partition, 1);
}

TEST(KafkaProgress, AnUnknownPositionCountsAsTheStart) {
  const Partitions unknown = offsets({RD_KAFKA_OFFSET_INVALID});
  EXPECT_THAT(values(behind(*unknown, *offsets({3}), *offsets({5}))), ElementsAre(3));
  EXPECT_THAT(values(behind(*unknown, *offsets({9}), *offsets({9}))), IsEmpty());
}

}  // namespace
}  // namespace penstock::kafka
