// A Kafka whose disk has changed a byte: what was acknowledged is waited for, and never passed over.
#include <gmock/gmock.h>

#include <set>

#include "common/adapters/kafka/event_log.h"
#include "tests/contract/event_log/kafka_broker.h"
#include "tests/contract/event_log/kafka_harness.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

constexpr const char* kDamaged = "a value that a disk will damage";

class KafkaDamage : public testing::Test {
 protected:
  static void SetUpTestSuite() { broker_ = std::make_unique<Broker>(); }
  static void TearDownTestSuite() { broker_.reset(); }
  void SetUp() override {
    options_ = kafka_options(broker_->address());
    options_.partitions = 2;
    options_.stalled_after = Milliseconds{400};
    log_ = open_kafka_log(options_).value();
    const auto until = SteadyClock::now() + 2 * kPatience;
    Status created = log_->create_topics({"payments", "settings"});
    while (!created && SteadyClock::now() < until) created = log_->create_topics({"payments", "settings"});
    ASSERT_TRUE(created) << created.error().detail;
    value_ = kDamaged + options_.topic_prefix;
  }

  Position append(const std::string& key, const std::string& value, const std::string& topic = "payments") {
    return append_and_wait(*log_, make_record(key, value, topic)).value();
  }
  // A key whose records go to another partition than those of "k".
  std::string other_key(const std::string& topic = "payments") {
    const Partition first = append("k", "first", topic).partition;
    for (int i = 0;; ++i) {
      std::string key = "other" + std::to_string(i);
      if (append(key, "first of the others", topic).partition != first) return key;
    }
  }
  // Takes what comes until all of these values have.
  template <class Take>
  bool tells(std::set<std::string> expected, Take&& take) {
    const auto until = SteadyClock::now() + kPatience;
    while (!expected.empty() && SteadyClock::now() < until) {
      const Result<std::vector<StoredRecord>> taken = take();
      if (!taken) {
        EXPECT_EQ(taken.error().code, ErrorCode::corrupt) << taken.error().detail;
        said_.insert(taken.error().detail);
        continue;
      }
      for (const std::string& value : values_of(taken.value())) {
        expected.erase(value);
        told_.push_back(value);
      }
    }
    return expected.empty();
  }
  template <class Take>
  bool says_so(Take&& take) {
    const auto until = SteadyClock::now() + kPatience;
    while (SteadyClock::now() < until) {
      const Result<std::vector<StoredRecord>> taken = take();
      if (!taken) {
        said_.insert(taken.error().detail);
        return true;
      }
      EXPECT_THAT(taken.value(), IsEmpty()) << "nothing behind it is told";
    }
    return false;
  }

  static std::unique_ptr<Broker> broker_;
  KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
  std::string value_;
  std::vector<std::string> told_;
  std::set<std::string> said_;
};

std::unique_ptr<Broker> KafkaDamage::broker_;

TEST_F(KafkaDamage, AConsumerStaysBeforeARecordThatCannotBeReadAndTheOtherPartitionsGoOn) {
  const std::string other = other_key();
  const Position damaged = append("k", value_);
  append("k", "behind it");
  broker_->damage(value_);
  const auto consumer = log_->subscribe("damage" + options_.topic_prefix, {"payments"}).value();
  const auto take = [&] { return consumer->poll(100, Milliseconds{50}); };
  EXPECT_TRUE(tells({"first", "first of the others"}, take));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(says_so(take)) << "again and again";
    append(other, "one of the others " + std::to_string(i));
    EXPECT_TRUE(tells({"one of the others " + std::to_string(i)}, take));
  }
  EXPECT_THAT(*said_.begin(), HasSubstr("payments partition " + std::to_string(damaged.partition.value) +
                                        " is damaged at offset " + std::to_string(damaged.offset.value)));
  EXPECT_THAT(told_, Not(Contains("behind it")));
  broker_->damage(value_);
  EXPECT_TRUE(tells({value_, "behind it"}, take));
}

// The client loses its place in what it has fetched, and may begin the partition from its start, again and again.
TEST_F(KafkaDamage, WhatStandsBeforeItIsToldOnce) {
  std::uint64_t state = 1;
  std::set<Position> before;
  bool after = false;
  for (int i = 0; i < 90; ++i) {
    std::string bytes(1'000, '\0');  // of which nothing can be compressed
    for (char& byte : bytes) byte = static_cast<char>((state = state * 6364136223846793005ULL + 1) >> 56);
    after = after || i == 60;
    const Position at = append("k", i == 60 ? value_ + bytes : bytes);
    if (!after) before.insert(at);
  }
  broker_->damage(value_);
  const auto consumer = log_->subscribe("damage" + options_.topic_prefix, {"payments"}).value();
  int times_said = 0;
  const auto until = SteadyClock::now() + kPatience;
  while (times_said < 10 && SteadyClock::now() < until) {
    const auto taken = consumer->poll(100, Milliseconds{50});
    if (!taken) ++times_said;
    if (!taken) continue;
    for (const Position& position : positions_of(taken.value()))
      ASSERT_EQ(before.erase(position), 1U) << to_text(position);
  }
  EXPECT_EQ(times_said, 10);
  EXPECT_THAT(before, IsEmpty());
}

TEST_F(KafkaDamage, WhatIsDamagedWhenNothingWasReadBeforeIsNotPassedOverEither) {
  append("k", value_);
  append("k", "behind it");
  broker_->damage(value_);
  testing::internal::CaptureStderr();
  for (int member = 0; member < 2; ++member) {
    const auto consumer = log_->subscribe("damage" + options_.topic_prefix, {"payments"}).value();
    const auto take = [&] { return consumer->poll(100, Milliseconds{50}); };
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(says_so(take));
    consumer->pause();
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(take());
    consumer->resume();
    EXPECT_TRUE(says_so(take));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("stalled")))
      << "that it stands has its reason";
  broker_->damage(value_);
  const auto consumer = log_->subscribe("damage" + options_.topic_prefix, {"payments"}).value();
  EXPECT_TRUE(tells({value_, "behind it"}, [&] { return consumer->poll(100, Milliseconds{50}); }));
}

TEST_F(KafkaDamage, ATailStaysBeforeItToo) {
  other_key("settings");
  append("k", value_, "settings");
  append("k", "behind it", "settings");
  broker_->damage(value_);
  const auto tail = log_->tail("settings").value();
  const auto take = [&]() -> Result<std::vector<StoredRecord>> {
    TRY(TailBatch batch, tail->next(100, Milliseconds{50}));
    EXPECT_FALSE(batch.present) << "part of it was not told";
    return std::move(batch.records);
  };
  EXPECT_TRUE(tells({"first", "first of the others"}, take));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(says_so(take)) << "again and again";
  broker_->damage(value_);
  EXPECT_THAT(values_of(read_to_present(*tail)), IsSupersetOf({value_, std::string("behind it")}));
}

TEST_F(KafkaDamage, AScanStaysBeforeItToo) {
  const Position damaged = append("k", value_);
  append("k", "behind it");
  broker_->damage(value_);
  const auto scan = log_->scan({.topic = "payments",
                                .partition = damaged.partition,
                                .from = {},
                                .to = {},
                                .since = {},
                                .until = {}})
                        .value();
  for (int i = 0; i < 3; ++i) {
    const auto batch = scan->next(100, Milliseconds{2'000});
    ASSERT_FALSE(batch) << i;
    EXPECT_EQ(batch.error().code, ErrorCode::corrupt);
    EXPECT_EQ(scan->position(), damaged.offset);
  }
  broker_->damage(value_);
  EXPECT_THAT(values_of(rest_of(*scan)), testing::ElementsAre(value_, "behind it"));
}

}  // namespace
}  // namespace penstock
