// A consumer whose client stops fetching a partition: what counts as a stall, and what is done about it.
#include <gmock/gmock.h>

#include <set>

#include "common/adapters/kafka/consumer.h"
#include "common/adapters/kafka/event_log.h"
#include "tests/contract/event_log/kafka_harness.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kRefetched = "kafka partitions stalled, fetching them anew";
constexpr const char* kJoinedAnew = "kafka consumer stalled, joining anew";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class KafkaStall : public testing::Test {
 protected:
  void SetUp() override {
    const std::string brokers = kafka_brokers();
    ASSERT_FALSE(brokers.empty());
    options_ = kafka_options(brokers);
    options_.stalled_after = Milliseconds{1'000};
    log_ = open_kafka_log(options_).value();
    ASSERT_TRUE(log_->create_topics({"payments", "payouts"}));
    ASSERT_TRUE(log_->ready({"payments", "payouts"}));
    testing::internal::CaptureStderr();
  }
  void TearDown() override {
    if (!stopped_) stop();
  }
  // What was logged.
  std::string stop() {
    stopped_ = true;
    consumer_.reset();
    return testing::internal::GetCapturedStderr();
  }

  void join() {
    consumer_ = kafka::Consumer::join(options_, "group" + options_.topic_prefix, {"payments"}).value();
  }
  Position append(const std::string& key) { return append_and_wait(*log_, make_record(key, "v")).value(); }
  // Two keys of different partitions, a record of each of which was received.
  void find_two_partitions() {
    std::set<Position> expected{append("quiet")};
    quiet_ = expected.begin()->partition;
    for (int i = 0; busy_key_.empty(); ++i) {
      const std::string key = "busy" + std::to_string(i);
      const Position at = append(key);
      expected.insert(at);
      if (at.partition != quiet_) busy_key_ = key;
    }
    ASSERT_TRUE(receive(expected));
  }
  // Polls until all of these came, while something comes on the other partition all the time.
  bool receive(std::set<Position> expected) {
    const auto until = SteadyClock::now() + kPatience;
    while (!expected.empty() && SteadyClock::now() < until) {
      if (!busy_key_.empty()) append(busy_key_);
      const auto polled = consumer_->poll(100, Milliseconds{20});
      EXPECT_TRUE(polled) << polled.error().detail;
      for (const Position& position : positions_of(polled.value())) expected.erase(position);
    }
    return expected.empty();
  }

  kafka::Partitions quiet_partition(std::int64_t offset) const {
    kafka::Partitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), (options_.topic_prefix + "payments").c_str(), quiet_.value)
        ->offset = offset;
    return list;
  }
  // Behind the adapter's back.
  void pause_quiet_partition() {
    rd_kafka_pause_partitions(consumer_->client(), quiet_partition(RD_KAFKA_OFFSET_INVALID).get());
  }
  void skip_what_the_quiet_partition_holds() {
    const auto end = quiet_partition(RD_KAFKA_OFFSET_END);
    const kafka::CallError failed(rd_kafka_seek_partitions(consumer_->client(), end.get(), 0));
    rd_kafka_resume_partitions(consumer_->client(), end.get());
  }

  KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<kafka::Consumer> consumer_;
  Partition quiet_;
  std::string busy_key_;
  bool stopped_ = false;
};

TEST_F(KafkaStall, APartitionThatIsNotFetchedAmongBusyOnesIsFetchedAnew) {
  join();
  find_two_partitions();
  const std::uint64_t generation = consumer_->generation();
  pause_quiet_partition();
  const std::set<Position> skipped = {append("quiet"), append("quiet")};
  skip_what_the_quiet_partition_holds();
  EXPECT_TRUE(receive(skipped));
  EXPECT_EQ(consumer_->generation(), generation) << "the others go on meanwhile";
  const std::string logged = stop();
  EXPECT_EQ(count(logged, kRefetched), 1U) << logged;
  EXPECT_THAT(logged, HasSubstr("partitions=payments/" + std::to_string(quiet_.value)));
  EXPECT_THAT(logged, Not(HasSubstr(kJoinedAnew)));
}

TEST_F(KafkaStall, WhereThatDoesNotHelpTheConsumerJoinsAnew) {
  join();
  find_two_partitions();
  const std::uint64_t generation = consumer_->generation();
  pause_quiet_partition();
  EXPECT_TRUE(receive({append("quiet"), append("quiet")}));
  EXPECT_NE(consumer_->generation(), generation);
  const std::string logged = stop();
  EXPECT_EQ(count(logged, kRefetched), 1U) << logged;
  EXPECT_EQ(count(logged, kJoinedAnew), 1U) << logged;
}

TEST_F(KafkaStall, AConsumerThatGetsNothingAtAllJoinsAnew) {
  join();
  std::set<Position> expected{append("quiet")};
  quiet_ = expected.begin()->partition;
  ASSERT_TRUE(receive(expected));
  pause_quiet_partition();
  EXPECT_TRUE(receive({append("quiet")}));
  EXPECT_THAT(stop(), HasSubstr(kJoinedAnew));
}

// More is appended than polled, so there is never nothing left.
TEST_F(KafkaStall, APartitionIsFetchedAnewDuringALongCatchUpToo) {
  join();
  find_two_partitions();
  const std::uint64_t generation = consumer_->generation();
  std::vector<std::future<Result<Position>>> backlog;
  for (int i = 0; i < 500; ++i) backlog.push_back(append_later(*log_, make_record(busy_key_, "v")));
  for (auto& each : backlog) ASSERT_TRUE(each.get());
  pause_quiet_partition();
  std::set<Position> skipped = {append("quiet"), append("quiet")};
  skip_what_the_quiet_partition_holds();
  std::size_t appended = backlog.size(), polled = 0;
  const auto until = SteadyClock::now() + kPatience;
  while (!skipped.empty() && SteadyClock::now() < until) {
    for (int i = 0; i < 3; ++i, ++appended)
      backlog.push_back(append_later(*log_, make_record(busy_key_, "v")));
    ASSERT_TRUE(log_->flush(kPatience));
    for (const Position& position : positions_of(consumer_->poll(2, Milliseconds{1'000}).value()))
      if (skipped.erase(position) == 0) ++polled;
    ASSERT_LT(polled, appended);
  }
  EXPECT_THAT(skipped, IsEmpty());
  EXPECT_EQ(consumer_->generation(), generation);
  EXPECT_EQ(count(stop(), kRefetched), 1U);
}

TEST_F(KafkaStall, WhatWasPolledAndNotCommittedComesAgainAfterIt) {
  join();
  find_two_partitions();
  std::set<Position> expected;
  for (int i = 0; i < 50; ++i) expected.insert(append(busy_key_));
  ASSERT_TRUE(receive(expected));
  pause_quiet_partition();
  expected.insert(append("quiet"));
  EXPECT_TRUE(receive(expected));
}

TEST_F(KafkaStall, NeitherAPauseNorTheEndOfTheLogIsOne) {
  join();
  find_two_partitions();
  const std::uint64_t generation = consumer_->generation();
  consumer_->pause();
  append("quiet");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(consumer_->poll(10, Milliseconds{100}));
  consumer_->resume();
  ASSERT_TRUE(receive({append("quiet")}));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(consumer_->poll(10, Milliseconds{100}));
  EXPECT_EQ(consumer_->generation(), generation);
  EXPECT_THAT(stop(), Not(HasSubstr("stalled")));
}

// All of it is in the client's queue within moments, one partition behind the other, and takes the application
// many looks to poll.
TEST_F(KafkaStall, AnApplicationThatIsSlowIsNone) {
  options_.stalled_after = Milliseconds{400};
  std::vector<std::future<Result<Position>>> answers;
  for (int i = 0; i < 900; ++i) answers.push_back(append_later(*log_, make_record(std::to_string(i), "v")));
  std::set<Position> expected;
  for (auto& answer : answers) expected.insert(answer.get().value());
  join();
  const auto until = SteadyClock::now() + kPatience;
  while (!expected.empty() && SteadyClock::now() < until)
    for (const Position& position : positions_of(consumer_->poll(1, Milliseconds{50}).value())) {
      expected.erase(position);
      ASSERT_TRUE(append_and_wait(*log_, make_record("k", "what it does with it", "payouts")));
    }
  EXPECT_THAT(expected, IsEmpty());
  EXPECT_THAT(stop(), Not(HasSubstr("stalled")));
}

}  // namespace
}  // namespace penstock
