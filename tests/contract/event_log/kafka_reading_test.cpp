// Scans and tails of a Kafka that is away, hangs, or holds what nobody expects.
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "common/adapters/kafka/admin.h"
#include "common/adapters/kafka/event_log.h"
#include "common/adapters/kafka/settings.h"
#include "common/adapters/kafka/tail.h"
#include "tests/contract/event_log/kafka_broker.h"
#include "tests/contract/event_log/kafka_harness.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ScanRange all_of(const std::string& topic, Partition partition = {}) {
  return {.topic = topic, .partition = partition, .from = {}, .to = {}, .since = {}, .until = {}};
}

Record setting(std::string key, std::string value) {
  return make_record(std::move(key), std::move(value), "settings");
}

auto is_away() { return AnyOf(ErrorCode::timeout, ErrorCode::unavailable); }

void make_topics(EventLog& log, const std::vector<std::string>& topics) {
  const auto until = SteadyClock::now() + 2 * kPatience;
  Status created = log.create_topics(topics);
  while (!created && SteadyClock::now() < until) created = log.create_topics(topics);
  ASSERT_TRUE(created) << created.error().detail;
  while (!log.ready(topics) && SteadyClock::now() < until) continue;
}

// Until it says that the log is away; false when it does not.
bool says_that_it_is_away(LogTail& tail) {
  const auto until = SteadyClock::now() + kPatience;
  while (SteadyClock::now() < until) {
    const auto batch = tail.next(100, Milliseconds{50});
    if (batch) continue;
    EXPECT_THAT(batch.error().code, is_away());
    return true;
  }
  return false;
}

// Until a record of this value was told, which must not take a new beginning.
bool tells(LogTail& tail, const std::string& value, bool* anew = nullptr) {
  const auto until = SteadyClock::now() + kPatience;
  while (SteadyClock::now() < until) {
    const auto batch = tail.next(100, Milliseconds{50});
    if (!batch) continue;
    if (batch.value().anew && anew != nullptr) *anew = true;
    for (const std::string& told : values_of(batch.value().records))
      if (told == value) return true;
  }
  return false;
}

// On a broker of its own, which it may have hang.
class KafkaThatHangs : public testing::Test {
 protected:
  static void SetUpTestSuite() { broker_ = std::make_unique<Broker>(); }
  static void TearDownTestSuite() { broker_.reset(); }
  void SetUp() override {
    options_ = kafka_options(broker_->address());
    options_.partitions = 1;
    options_.call_deadline = Milliseconds{3'000};
    options_.stalled_after = Milliseconds{500};
    log_ = open_kafka_log(options_).value();
    make_topics(*log_, {"payments", "settings"});
  }
  void TearDown() override { broker_->go_on(); }

  static std::unique_ptr<Broker> broker_;
  KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
};

std::unique_ptr<Broker> KafkaThatHangs::broker_;

TEST_F(KafkaThatHangs, AScanTimesOutAndGoesOnWhereItWas) {
  std::vector<std::future<Result<Position>>> answers;
  std::string value(10'000, '\0');  // of which nothing can be compressed
  std::uint64_t state = 1;
  for (int i = 0; i < 5'000; ++i) {
    for (char& byte : value) byte = static_cast<char>((state = state * 6364136223846793005ULL + 1) >> 56);
    answers.push_back(append_later(*log_, make_record("k", value)));
    if (i % 500 == 0) {
      ASSERT_TRUE(log_->flush(kPatience)) << i;
    }
  }
  ASSERT_TRUE(log_->flush(kPatience));
  const auto scan = log_->scan(all_of("payments")).value();
  std::vector<Position> seen = positions_of(scan->next(10, kPatience).value().records);
  ASSERT_FALSE(seen.empty());
  broker_->hang();
  const auto until = SteadyClock::now() + kPatience;
  Result<ScanBatch> batch = ScanBatch{};
  while (batch && !batch.value().done && SteadyClock::now() < until) {
    for (const Position& position : positions_of(batch.value().records)) seen.push_back(position);
    batch = scan->next(1'000, Milliseconds{1'500});
  }
  ASSERT_FALSE(batch) << "the client holds less than the partition";
  EXPECT_THAT(batch.error().code, is_away());
  EXPECT_FALSE(log_->scan(all_of("payments"))) << "and no new one begins";
  broker_->go_on();
  while (seen.size() < answers.size() && SteadyClock::now() < until + kPatience) {
    batch = scan->next(1'000, Milliseconds{500});
    if (!batch) continue;
    for (const Position& position : positions_of(batch.value().records)) seen.push_back(position);
    if (batch.value().done) break;
  }
  ASSERT_EQ(seen.size(), answers.size());
  for (std::size_t i = 0; i < seen.size(); ++i)
    ASSERT_EQ(seen[i].offset, Offset{static_cast<std::int64_t>(i)}) << "once each, and in order";
}

TEST_F(KafkaThatHangs, ATailSaysSoAndGoesOn) {
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "1")));
  const auto tail = log_->tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(1));
  broker_->hang();
  EXPECT_TRUE(says_that_it_is_away(*tail));
  broker_->go_on();
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "2")));
  bool anew = false;
  EXPECT_TRUE(tells(*tail, "2", &anew));
  EXPECT_FALSE(anew);
}

TEST_F(KafkaThatHangs, ATailThatMayHaveMissedADeletionBeginsAnew) {
  options_.tail_anew_after = Milliseconds{1'000};
  log_ = open_kafka_log(options_).value();
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "1")));
  const auto tail = log_->tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(1));
  broker_->hang();
  const auto until = SteadyClock::now() + 2 * options_.tail_anew_after;
  while (SteadyClock::now() < until) (void)tail->next(100, Milliseconds{50});
  broker_->go_on();
  bool anew = false;
  EXPECT_TRUE(tells(*tail, "1", &anew));
  EXPECT_TRUE(anew);
}

TEST_F(KafkaThatHangs, ScansAndTailsCanBeClosedMeanwhile) {
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "1")));
  auto scan = log_->scan(all_of("settings")).value();
  auto tail = log_->tail("settings").value();
  auto unused = log_->tail("settings").value();
  ASSERT_TRUE(scan->next(1, kPatience));
  read_to_present(*tail);
  broker_->hang();
  (void)tail->next(1, Milliseconds{200});
  const auto started = SteadyClock::now();
  scan.reset();
  tail.reset();
  unused.reset();
  EXPECT_LE(SteadyClock::now() - started, kPatience / 3);
}

TEST(KafkaThatComesLater, ATailSaysThatItIsAwayAndBeginsOnceItServes) {
  Broker broker;
  broker.kill_now();
  KafkaOptions options = kafka_options(broker.address());
  options.call_deadline = Milliseconds{1'000};
  const auto log = open_kafka_log(options).value();
  const auto tail = log->tail("settings").value();
  const auto away = tail->next(100, Milliseconds{10});
  ASSERT_FALSE(away);
  EXPECT_THAT(away.error().code, is_away());
  EXPECT_THAT(log->scan(all_of("settings")).error().code, is_away());
  broker.start();
  make_topics(*log, {"settings"});
  ASSERT_TRUE(append_and_wait(*log, setting("a", "1")));
  EXPECT_TRUE(tells(*tail, "1"));
}

class KafkaReading : public testing::Test {
 protected:
  void SetUp() override {
    const std::string brokers = kafka_brokers();
    ASSERT_FALSE(brokers.empty());
    options_ = kafka_options(brokers);
    options_.partitions = 1;
    options_.scans_max = 3;
    options_.stalled_after = Milliseconds{400};
    log_ = open_kafka_log(options_).value();
    make_topics(*log_, {"payments", "settings"});
  }

  KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(KafkaReading, TooManyScansAtOnceAreRefusedUntilOneIsClosed) {
  std::vector<std::unique_ptr<LogScan>> scans;
  for (int i = 0; i < 3; ++i) scans.push_back(log_->scan(all_of("payments")).value());
  const auto refused = log_->scan(all_of("payments"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  EXPECT_FALSE(log_->scan(all_of("nothing"))) << "one that fails takes no room";
  scans.pop_back();
  EXPECT_TRUE(log_->scan(all_of("payments")));
}

TEST_F(KafkaReading, ManyThreadsScanAtOnceAndEachGetsAllOrIsRefused) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_and_wait(*log_, make_record("k", "v")));
  std::atomic<int> read = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto scan = log_->scan(all_of("payments"));
        if (!scan) {
          EXPECT_EQ(scan.error().code, ErrorCode::overloaded);
          continue;
        }
        EXPECT_THAT(rest_of(*scan.value()), SizeIs(20));
        ++read;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(read, 3);
  EXPECT_TRUE(log_->scan(all_of("payments"))) << "and all gave their room back";
}

// Writes a record in a transaction, of which a mark is left behind it.
void append_in_transaction(const KafkaOptions& options, const std::string& topic, const std::string& value,
                           bool commit) {
  const kafka::ClientSettings settings = {{"bootstrap.servers", options.brokers},
                                          {"transactional.id", "t" + options.topic_prefix}};
  const auto producer = kafka::make_handle(RD_KAFKA_PRODUCER, kafka::make_conf(settings).value()).value();
  ASSERT_EQ(rd_kafka_init_transactions(producer.get(), 30'000), nullptr);
  ASSERT_EQ(rd_kafka_begin_transaction(producer.get()), nullptr);
  const std::string name = options.topic_prefix + topic;
  const kafka::TopicHandle handle(rd_kafka_topic_new(producer.get(), name.c_str(), nullptr));
  std::string payload = value;
  ASSERT_EQ(rd_kafka_produce(handle.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload.data(),
                             payload.size(), "k", 1, nullptr),
            0);
  ASSERT_EQ(rd_kafka_flush(producer.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_EQ(commit ? rd_kafka_commit_transaction(producer.get(), 30'000)
                   : rd_kafka_abort_transaction(producer.get(), 30'000),
            nullptr);
}

TEST_F(KafkaReading, TheMarksOfTransactionsAtTheEndHoldNothingUp) {
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "1")));
  append_in_transaction(options_, "settings", "2", true);
  append_in_transaction(options_, "settings", "aborted", false);
  EXPECT_THAT(values_of(rest_of(*log_->scan(all_of("settings")).value())), ElementsAre("1", "2"));
  testing::internal::CaptureStderr();
  const auto tail = log_->tail("settings").value();
  EXPECT_THAT(values_of(read_to_present(*tail)), ElementsAre("1", "2"));
  const auto until = SteadyClock::now() + 4 * options_.stalled_after;
  while (SteadyClock::now() < until) {
    const auto batch = tail->next(10, Milliseconds{50});
    ASSERT_TRUE(batch) << batch.error().detail;
    EXPECT_THAT(batch.value().records, IsEmpty());
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::Not(HasSubstr("stalled")));
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "3")));
  EXPECT_TRUE(tells(*tail, "3"));
}

class KafkaTailStall : public KafkaReading {
 protected:
  void SetUp() override {
    options_.partitions = 1;
    KafkaReading::SetUp();
    ASSERT_TRUE(append_and_wait(*log_, setting("a", "1")));
    tail_ = std::make_unique<kafka::Tail>(options_, "settings");
    ASSERT_THAT(read_to_present(*tail_), SizeIs(1));
  }
  kafka::Partitions partition(std::int64_t offset) const {
    kafka::Partitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), (options_.topic_prefix + "settings").c_str(), 0)->offset =
        offset;
    return list;
  }

  std::unique_ptr<kafka::Tail> tail_;
};

TEST_F(KafkaTailStall, WhatItsClientDoesNotFetchIsFetchedAnew) {
  const rd_kafka_t* const client = tail_->client();
  rd_kafka_pause_partitions(tail_->client(), partition(RD_KAFKA_OFFSET_INVALID).get());
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "2")));
  const kafka::CallError failed(
      rd_kafka_seek_partitions(tail_->client(), partition(RD_KAFKA_OFFSET_END).get(), 0));
  rd_kafka_resume_partitions(tail_->client(), partition(RD_KAFKA_OFFSET_INVALID).get());
  bool anew = false;
  EXPECT_TRUE(tells(*tail_, "2", &anew));
  EXPECT_FALSE(anew);
  EXPECT_EQ(tail_->client(), client);
}

TEST_F(KafkaTailStall, WhereThatDoesNotHelpItTakesAnotherClient) {
  const rd_kafka_t* const client = tail_->client();
  rd_kafka_pause_partitions(tail_->client(), partition(RD_KAFKA_OFFSET_INVALID).get());
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "2")));
  bool anew = false;
  EXPECT_TRUE(tells(*tail_, "2", &anew));
  EXPECT_FALSE(anew);
  EXPECT_NE(tail_->client(), client);
}

void delete_topic(const KafkaOptions& options, const std::string& topic) {
  const auto client =
      kafka::make_handle(RD_KAFKA_CONSUMER, kafka::make_conf(kafka::reader_settings(options)).value())
          .value();
  const std::unique_ptr<rd_kafka_DeleteTopic_t, kafka::Destroy<rd_kafka_DeleteTopic_destroy>> doomed(
      rd_kafka_DeleteTopic_new((options.topic_prefix + topic).c_str()));
  const kafka::Queue answers(rd_kafka_queue_new(client.get()));
  rd_kafka_DeleteTopic_t* handle = doomed.get();
  rd_kafka_DeleteTopics(client.get(), &handle, 1, nullptr, answers.get());
  ASSERT_TRUE(kafka::await_admin(answers, kPatience, "delete topic"));
}

TEST_F(KafkaReading, ATailOfATopicThatWasMadeAnewBeginsAnew) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(append_and_wait(*log_, setting("old", "old")));
  const auto tail = log_->tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(10));
  delete_topic(options_, "settings");
  make_topics(*log_, {"settings"});
  ASSERT_TRUE(append_and_wait(*log_, setting("new", "new")));
  bool anew = false;
  EXPECT_TRUE(tells(*tail, "new", &anew));
  EXPECT_TRUE(anew);
}

// Between two looks of the tail, which finds where it stands what it would have found there anyway.
TEST_F(KafkaReading, ATailOfATopicThatWasMadeAnewWithAsManyRecordsBeginsAnew) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append_and_wait(*log_, setting("old", "old")));
  const auto tail = log_->tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(3));
  delete_topic(options_, "settings");
  make_topics(*log_, {"settings"});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(append_and_wait(*log_, setting("new", std::to_string(i))));
  bool anew = false;
  EXPECT_TRUE(tells(*tail, "0", &anew));
  EXPECT_TRUE(anew);
}

TEST_F(KafkaReading, ATailOfATopicThatItSawGoBeginsAnewHoweverMuchTheNextOneHolds) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append_and_wait(*log_, setting("old", "old")));
  const auto tail = log_->tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(3));
  delete_topic(options_, "settings");
  const auto until = SteadyClock::now() + kPatience;
  Result<TailBatch> gone = tail->next(10, Milliseconds{50});
  while (gone && SteadyClock::now() < until) gone = tail->next(10, Milliseconds{50});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::wrong_schema);
  make_topics(*log_, {"settings"});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(append_and_wait(*log_, setting("new", std::to_string(i))));
  EXPECT_TRUE(tells(*tail, "0"));
}

TEST_F(KafkaReading, ATailOfMorePartitionsThanThereWereBeginsAnew) {
  ASSERT_TRUE(append_and_wait(*log_, setting("a", "1")));
  const auto tail = log_->tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(1));
  const auto client =
      kafka::make_handle(RD_KAFKA_CONSUMER, kafka::make_conf(kafka::reader_settings(options_)).value())
          .value();
  const kafka::NewPartitions more(
      rd_kafka_NewPartitions_new((options_.topic_prefix + "settings").c_str(), 3, nullptr, 0));
  const kafka::Queue answers(rd_kafka_queue_new(client.get()));
  rd_kafka_NewPartitions_t* handle = more.get();
  rd_kafka_CreatePartitions(client.get(), &handle, 1, nullptr, answers.get());
  ASSERT_TRUE(kafka::await_admin(answers, kPatience, "more partitions"));
  bool anew = false;
  EXPECT_TRUE(tells(*tail, "1", &anew));
  EXPECT_TRUE(anew);
}

}  // namespace
}  // namespace penstock
