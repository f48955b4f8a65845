// The topics of the Kafka log: who makes them, what they are like, and what is refused.
#include <gmock/gmock.h>

#include <future>

#include "common/adapters/kafka/admin.h"
#include "common/adapters/kafka/event_log.h"
#include "common/adapters/kafka/settings.h"
#include "common/adapters/kafka/topic_rules.h"
#include "tests/contract/event_log/kafka_broker.h"
#include "tests/contract/event_log/kafka_harness.h"

namespace penstock {
namespace {

using kafka::TopicDemand;
using kafka::TopicShape;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Matches;

TEST(TopicRules, WhatIsAsMeantOrStrongerIsNoWeakness) {
  const TopicDemand demand = kafka::demand_of({}, "payments", 3);
  TopicShape shape{.partitions = 6, .replicas = 3, .in_sync = {3}, .brokers = 3, .configs = demand.configs};
  EXPECT_THAT(kafka::weaknesses(demand, shape), IsEmpty());
  shape.partitions = 7;
  shape.replicas = 4;
  shape.configs->at("max.message.bytes") = "99000000";
  shape.configs->at("retention.ms") = "-1";
  EXPECT_THAT(kafka::weaknesses(demand, shape), IsEmpty());
  shape.configs.reset();
  EXPECT_THAT(kafka::weaknesses(demand, shape), IsEmpty()) << "what a cluster does not tell is trusted";
}

TEST(TopicRules, EachWeaknessIsNamedWithBothValuesAndTheSetting) {
  KafkaOptions options;
  options.replication_factor = 3;
  const TopicDemand demand = kafka::demand_of(options, "payments", 3);
  const TopicShape shape{.partitions = 4,
                         .replicas = 1,
                         .in_sync = {1},
                         .brokers = 3,
                         .configs = kafka::ConfigMap{{"min.insync.replicas", "1"},
                                                     {"retention.ms", "604800000"},
                                                     {"retention.bytes", "1073741824"},
                                                     {"unclean.leader.election.enable", "true"},
                                                     {"max.message.bytes", "1048588"},
                                                     {"cleanup.policy", "compact"}}};
  EXPECT_EQ(kafka::to_text("p.payments", kafka::weaknesses(demand, shape)),
            "kafka topic p.payments: partitions is 4, PENSTOCK_KAFKA_PARTITIONS needs 6; "
            "replicas is 1, PENSTOCK_KAFKA_REPLICATION needs 3; "
            "cleanup.policy is compact, Penstock needs delete; "
            "max.message.bytes is 1048588, PENSTOCK_MAX_BODY needs 1052672; "
            "min.insync.replicas is 1, PENSTOCK_KAFKA_MIN_INSYNC needs 2; "
            "retention.bytes is 1073741824, Penstock needs -1; "
            "retention.ms is 604800000, PENSTOCK_INBOX_RETENTION needs 3024000000; "
            "unclean.leader.election.enable is true, Penstock needs false");
}

TEST(TopicRules, ARetentionThatNobodyCanSetIsAskedForByPenstock) {
  for (const auto* topic : {"claims", "parked"}) {
    const TopicDemand demand = kafka::demand_of({}, topic, 1);
    TopicShape shape{.partitions = 6, .replicas = 1, .in_sync = {1}, .brokers = 1, .configs = demand.configs};
    shape.configs->at("retention.ms") = "1000";
    EXPECT_EQ(kafka::to_text(topic, kafka::weaknesses(demand, shape)),
              "kafka topic " + std::string(topic) + ": retention.ms is 1000, Penstock needs " +
                  demand.configs.at("retention.ms"));
  }
}

TEST(TopicRules, OneReplicaMayBeMissingUnlessTheOptionsSayOtherwise) {
  const auto min_insync = [](int option, int replicas) {
    KafkaOptions options;
    options.min_insync = option;
    return kafka::demand_of(options, "payments", replicas).configs.at("min.insync.replicas");
  };
  EXPECT_EQ(min_insync(0, 1), "1");
  EXPECT_EQ(min_insync(0, 2), "1");
  EXPECT_EQ(min_insync(0, 3), "2");
  EXPECT_EQ(min_insync(0, 5), "4");
  EXPECT_EQ(min_insync(1, 3), "1");
  EXPECT_EQ(min_insync(3, 3), "3");
  EXPECT_EQ(min_insync(2, 1), "1") << "else nothing could be appended; the replicas are what is missing";
}

TEST(TopicRules, ANewTopicHasThreeReplicasWhereThereAreThreeBrokers) {
  KafkaOptions options;
  EXPECT_EQ(kafka::replicas_wanted(options, 1), 1);
  EXPECT_EQ(kafka::replicas_wanted(options, 5), 3);
  options.min_insync = 2;
  EXPECT_EQ(kafka::replicas_wanted(options, 1), 2);
  options.replication_factor = 5;
  EXPECT_EQ(kafka::replicas_wanted(options, 1), 5);
}

TEST(TopicRules, DeadLettersNeverAgeOutAndHaveMoreRoomThanAnyOtherTopic) {
  KafkaOptions options;
  options.dead_letter_bytes = 1000;
  const auto room = [](const TopicDemand& demand) {
    return std::stoi(demand.configs.at("max.message.bytes"));
  };
  const TopicShape small{.partitions = 1, .replicas = 1, .configs = kafka::ConfigMap{}};
  TopicShape large = small;
  large.configs->emplace("max.message.bytes", "5000000");
  const auto as_meant = kafka::demands_of(options, {"payments", "parked"}, {small, small});
  EXPECT_EQ(room(as_meant[1]), room(as_meant[0]) + 1000);
  EXPECT_EQ(as_meant[1].configs.at("retention.ms"), "-1");
  EXPECT_EQ(room(kafka::demands_of(options, {"payments", "parked"}, {large, small})[1]), 5'001'000);
}

TEST(TopicRules, OnlyTheNewestOfEachSettingIsKept) {
  const TopicDemand demand = kafka::demand_of({}, "settings", 1);
  EXPECT_EQ(demand.configs.at("cleanup.policy"), "compact");
  EXPECT_FALSE(demand.configs.contains("retention.ms"));
  EXPECT_FALSE(demand.configs.contains("retention.bytes"));
  EXPECT_EQ(demand.configs.at("delete.retention.ms"), "86400000") << "who reads it must hear of a deletion";
}

TEST(TopicRules, ACompactedTopicKeepsThePartitionsThatItHas) {
  const TopicShape shape{.partitions = 2, .replicas = 1, .configs = kafka::ConfigMap{}};
  const auto demands = kafka::demands_of({}, {"payments", "settings"}, {shape, shape});
  EXPECT_EQ(demands[0].partitions, 6);
  EXPECT_EQ(demands[1].partitions, 2) << "its keys would move to others, and leave what they last had behind";
}

TEST(TopicRules, APartitionWhoseReplicasDoNotKeepUpTakesNothing) {
  TopicShape shape{.partitions = 3,
                   .replicas = 3,
                   .in_sync = {2, 3, 2},
                   .brokers = 3,
                   .configs = kafka::ConfigMap{{"min.insync.replicas", "2"}}};
  EXPECT_THAT(kafka::refusing_partitions(shape), IsEmpty());
  shape.in_sync = {1, 3, 0};
  EXPECT_THAT(kafka::refusing_partitions(shape), ElementsAre(Partition{0}, Partition{2}));
  shape.replicas = 1;
  EXPECT_THAT(kafka::refusing_partitions(shape), ElementsAre(Partition{2}))
      << "brokers ask for no more than there are";
  shape.configs.reset();
  EXPECT_THAT(kafka::refusing_partitions(shape), ElementsAre(Partition{2}))
      << "without a leader it takes none";
}

const std::vector<std::string> kTopics = {"payments", "parked"};

class KafkaTopics : public testing::Test {
 protected:
  void SetUp() override { use(kafka_brokers()); }
  void use(const std::string& brokers) {
    ASSERT_FALSE(brokers.empty());
    options_ = kafka_options(brokers);
    options_.partitions = 2;
    options_.append_deadline = Milliseconds{3'000};
    options_.configs_age_max = Milliseconds{0};
    client_ =
        kafka::make_handle(RD_KAFKA_CONSUMER, kafka::make_conf(kafka::reader_settings(options_)).value())
            .value();
  }
  std::unique_ptr<EventLog> open() { return open_kafka_log(options_).value(); }
  std::string name(const std::string& topic) const { return options_.topic_prefix + topic; }

  // The cluster's topics that have this test's prefix.
  std::vector<std::string> existing() {
    const rd_kafka_metadata_t* answer = nullptr;
    EXPECT_EQ(rd_kafka_metadata(client_.get(), 1, nullptr, &answer, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    const kafka::Metadata metadata(answer);
    std::vector<std::string> found;
    for (int i = 0; i < metadata->topic_cnt; ++i)
      if (std::string_view(metadata->topics[i].topic).starts_with(options_.topic_prefix))
        found.emplace_back(metadata->topics[i].topic);
    return found;
  }

  // A topic as somebody else made it.
  void make_topic(const std::string& topic, int partitions,
                  const std::vector<std::pair<std::string, std::string>>& configs) {
    const kafka::NewTopic fresh(rd_kafka_NewTopic_new(name(topic).c_str(), partitions, 1, nullptr, 0));
    for (const auto& [setting, value] : configs)
      rd_kafka_NewTopic_set_config(fresh.get(), setting.c_str(), value.c_str());
    const kafka::Queue answers(rd_kafka_queue_new(client_.get()));
    rd_kafka_NewTopic_t* wanted = fresh.get();
    rd_kafka_CreateTopics(client_.get(), &wanted, 1, nullptr, answers.get());
    ASSERT_TRUE(kafka::await_admin(answers, kPatience, "create"));
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!Matches(Contains(name(topic)))(existing()) && std::chrono::steady_clock::now() < until) continue;
  }

  std::string config(const std::string& topic, const std::string& setting) {
    const kafka::ConfigResource resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name(topic).c_str()));
    const kafka::Queue answers(rd_kafka_queue_new(client_.get()));
    rd_kafka_ConfigResource_t* wanted = resource.get();
    rd_kafka_DescribeConfigs(client_.get(), &wanted, 1, nullptr, answers.get());
    const auto event = kafka::await_admin(answers, kPatience, "describe").value();
    std::size_t count = 0;
    const auto* const* resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    const auto* const* entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (std::size_t i = 0; i < count; ++i)
      if (rd_kafka_ConfigEntry_name(entries[i]) == setting) return rd_kafka_ConfigEntry_value(entries[i]);
    return "not there";
  }

  int partitions(const std::string& topic) {
    return kafka::fetch_metadata(client_.get(), name(topic), kPatience).value()->topics[0].partition_cnt;
  }

  KafkaOptions options_;
  kafka::Handle client_;
};

// On a broker that makes whatever topic it is asked for, as Kafka does unless told otherwise, and that drops
// what it took, as somebody has told it.
class KafkaThatMakesTopics : public KafkaTopics {
 protected:
  void SetUp() override {
    use(broker_.address());
    const auto until = std::chrono::steady_clock::now() + 2 * kPatience;
    const rd_kafka_metadata_t* answer = nullptr;
    while (rd_kafka_metadata(client_.get(), 1, nullptr, &answer, 1'000) != RD_KAFKA_RESP_ERR_NO_ERROR &&
           std::chrono::steady_clock::now() < until)
      continue;
    ASSERT_NE(answer, nullptr) << "the broker does not serve";
    rd_kafka_metadata_destroy(answer);
  }

 private:
  Broker broker_{{"auto.create.topics.enable=true", "log.retention.bytes=1000000",
                  "unclean.leader.election.enable=true"}};
};

TEST_F(KafkaThatMakesTopics, MakesNoneOfOursBeforeTheyAreCreated) {
  const auto log = open();
  for (int round = 0; round < 3; ++round) {
    const Status ready = log->ready(kTopics);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().code, ErrorCode::wrong_schema);
    EXPECT_THAT(ready.error().detail, HasSubstr(name("payments")));
    EXPECT_FALSE(append_and_wait(*log, make_record("k", "v")));
    EXPECT_FALSE(log->subscribe("g", {"payments"}));
    EXPECT_FALSE(log->progress("g", "payments"));
    EXPECT_FALSE(log->read({"payments", Partition{0}, Offset{0}}).value());
  }
  EXPECT_THAT(existing(), IsEmpty());
  ASSERT_TRUE(log->create_topics(kTopics));
  EXPECT_EQ(existing().size(), 2U);
  const Status ready = log->ready(kTopics);
  EXPECT_TRUE(ready) << ready.error().detail;
  EXPECT_TRUE(append_and_wait(*log, make_record("k", "v")));
}

TEST_F(KafkaThatMakesTopics, NewTopicsTakeNothingOverThatDropsRecords) {
  ASSERT_TRUE(open()->create_topics(kTopics));
  for (const auto& topic : kTopics) {
    EXPECT_EQ(config(topic, "retention.bytes"), "-1") << topic;
    EXPECT_EQ(config(topic, "unclean.leader.election.enable"), "false") << topic;
  }
}

TEST_F(KafkaTopics, WhatTheBrokerMadeByItselfIsRefusedUntilItIsAltered) {
  make_topic("payments", 1, {});
  make_topic("parked", 1, {{"segment.ms", "86400000"}});
  const auto log = open();
  const Status weak = log->ready(kTopics);
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().code, ErrorCode::wrong_schema);
  EXPECT_THAT(weak.error().detail,
              AllOf(HasSubstr(name("payments")), HasSubstr("partitions is 1"), HasSubstr("needs 2"),
                    HasSubstr("retention.ms is 604800000"), HasSubstr("max.message.bytes is 1048588"),
                    HasSubstr("penstock-admin migrate")));
  const Status altered = log->create_topics(kTopics);
  ASSERT_TRUE(altered) << altered.error().detail;
  EXPECT_TRUE(log->ready(kTopics));
  EXPECT_EQ(partitions("payments"), 2);
  EXPECT_EQ(config("payments", "retention.ms"), "3024000000");
  EXPECT_EQ(config("payments", "max.message.bytes"), "1052672");
  EXPECT_EQ(config("parked", "retention.ms"), "-1");
  EXPECT_EQ(config("parked", "segment.ms"), "86400000") << "what others have set stays";
  ASSERT_TRUE(log->create_topics(kTopics)) << "again";
}

TEST_F(KafkaTopics, ATopicThatMayDropWhatWasAcknowledgedIsRefusedUntilItIsAltered) {
  make_topic("payments", 2, {{"retention.bytes", "1000000"}, {"unclean.leader.election.enable", "true"}});
  make_topic("parked", 2, {{"retention.bytes", "1000000"}});
  const auto log = open();
  const Status weak = log->ready(kTopics);
  ASSERT_FALSE(weak);
  EXPECT_THAT(weak.error().detail, AllOf(HasSubstr(name("payments")), HasSubstr("retention.bytes is 1000000"),
                                         HasSubstr("unclean.leader.election.enable is true")));
  const Status altered = log->create_topics(kTopics);
  ASSERT_TRUE(altered) << altered.error().detail;
  EXPECT_TRUE(log->ready(kTopics));
  for (const auto& topic : kTopics) {
    EXPECT_EQ(config(topic, "retention.bytes"), "-1") << topic;
    EXPECT_EQ(config(topic, "unclean.leader.election.enable"), "false") << topic;
  }
}

TEST_F(KafkaTopics, ATopicThatIsToBeCompactedAndIsNotIsRefusedUntilItIsAltered) {
  make_topic("settings", 1, {{"cleanup.policy", "delete"}, {"delete.retention.ms", "1000"}});
  const auto log = open();
  const Status weak = log->ready({"settings"});
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().code, ErrorCode::wrong_schema);
  EXPECT_THAT(weak.error().detail, AllOf(HasSubstr(name("settings")),
                                         HasSubstr("cleanup.policy is delete, Penstock needs compact"),
                                         HasSubstr("delete.retention.ms is 1000, Penstock needs 86400000")));
  const Status altered = log->create_topics({"settings", "waits"});
  ASSERT_TRUE(altered) << altered.error().detail;
  EXPECT_TRUE(log->ready({"settings", "waits"}));
  for (const std::string topic : {"settings", "waits"}) {
    EXPECT_EQ(config(topic, "cleanup.policy"), "compact") << topic;
    EXPECT_EQ(config(topic, "delete.retention.ms"), "86400000") << topic;
  }
  EXPECT_EQ(partitions("settings"), 1);
  EXPECT_EQ(partitions("waits"), 2);
}

TEST_F(KafkaTopics, ClaimsAgeOutInTimeAndStayInTheirPartitions) {
  make_topic("claims", 1, {{"retention.ms", "1000"}});
  const auto log = open();
  EXPECT_FALSE(log->ready({"claims"}));
  ASSERT_TRUE(log->create_topics({"claims"}));
  EXPECT_TRUE(log->ready({"claims"}));
  EXPECT_EQ(config("claims", "cleanup.policy"), "delete");
  EXPECT_EQ(config("claims", "retention.ms"), "172800000");
  EXPECT_EQ(config("claims", "segment.ms"), "21600000");
  EXPECT_EQ(partitions("claims"), 1);
}

TEST_F(KafkaTopics, WhatIsStrongerThanMeantIsLeftAlone) {
  make_topic("payments", 5, {{"retention.ms", "9999999999"}, {"max.message.bytes", "30000000"}});
  const auto log = open();
  ASSERT_TRUE(log->create_topics(kTopics));
  EXPECT_TRUE(log->ready(kTopics));
  EXPECT_EQ(partitions("payments"), 5);
  EXPECT_EQ(config("payments", "retention.ms"), "9999999999");
  EXPECT_EQ(config("parked", "max.message.bytes"), "30000000") << "what payments takes can be parked";
}

TEST_F(KafkaTopics, SeveralMayAlterAtOnce) {
  make_topic("payments", 1, {});
  std::vector<std::future<Status>> done;
  for (int i = 0; i < 3; ++i)
    done.push_back(std::async(std::launch::async, [this] { return open()->create_topics(kTopics); }));
  for (auto& each : done) {
    const Status status = each.get();
    EXPECT_TRUE(status) << status.error().detail;
  }
  EXPECT_TRUE(open()->ready(kTopics));
}

TEST_F(KafkaTopics, TooFewReplicasCannotBeAlteredAndAreNamedWithBothValues) {
  ASSERT_TRUE(open()->create_topics(kTopics));
  options_.replication_factor = 3;
  options_.retention = std::chrono::hours{24 * 40};
  const auto log = open();
  const Status refused = log->create_topics(kTopics);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_THAT(refused.error().detail,
              AllOf(HasSubstr(name("payments")), HasSubstr("replicas is 1"),
                    HasSubstr("PENSTOCK_KAFKA_REPLICATION needs 3"), HasSubstr("kafka-reassign-partitions")));
  EXPECT_EQ(config("payments", "retention.ms"), "3456000000") << "what can be altered is";
  const Status weak = log->ready(kTopics);
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().code, ErrorCode::wrong_schema);
  EXPECT_THAT(weak.error().detail, HasSubstr("replicas is 1"));
}

TEST_F(KafkaTopics, ATopicThatTakesLessThanTheSettingsSayIsRefused) {
  ASSERT_TRUE(open()->create_topics(kTopics));
  options_.record_bytes_max = 4 << 20;
  const Status weak = open()->ready(kTopics);
  ASSERT_FALSE(weak);
  EXPECT_THAT(weak.error().detail,
              AllOf(HasSubstr(name("payments")), HasSubstr("max.message.bytes is 1052672"),
                    HasSubstr("PENSTOCK_MAX_BODY needs 4198400")));
}

// The largest body there is, with all that a record has besides; nothing in it can be compressed.
TEST_F(KafkaTopics, WhatATopicTookCanBeReadAndParkedByAProcessThatKnowsOfNoLargeBodies) {
  std::string value(16 << 20, '\0');
  std::uint64_t state = 1;
  for (char& byte : value) byte = static_cast<char>((state = state * 6364136223846793005ULL + 1) >> 56);
  KafkaOptions small = options_;
  options_.record_bytes_max = (16 << 20) + 64 * 1024;
  options_.dead_letter_bytes = 16 * 1024;
  options_.queue_kbytes_max = 8 * options_.record_bytes_max / 1024;
  options_.append_deadline = kPatience;
  const auto log = open();
  ASSERT_TRUE(log->create_topics(kTopics));
  ASSERT_TRUE(log->ready(kTopics));
  Record record = make_record("k", value);
  record.headers.emplace_back("rest", std::string(64 * 1024 - 5, 'h'));
  const Result<Position> at = append_and_wait(*log, record);
  ASSERT_TRUE(at) << at.error().detail;
  record.value += "x";
  EXPECT_EQ(append_and_wait(*log, record).error().code, ErrorCode::invalid) << "one byte more is too much";

  small.append_deadline = kPatience;
  const auto worker = open_kafka_log(small).value();
  const auto consumer = worker->subscribe(options_.topic_prefix, {"payments"}).value();
  const auto read = poll_records(*consumer, 1);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].value, value);
  Record letter = make_record("k", read[0].value, "parked");
  letter.headers = read[0].headers;
  letter.headers.emplace_back("why", std::string(16 * 1024 - 3, 'w'));
  const Result<Position> parked = append_and_wait(*worker, letter);
  ASSERT_TRUE(parked) << parked.error().detail;
  EXPECT_EQ(log->read(parked.value()).value()->value, value);
}

}  // namespace
}  // namespace penstock
