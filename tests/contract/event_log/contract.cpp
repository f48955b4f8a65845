#include "tests/contract/event_log/contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

const std::vector<std::string> kTopics = {"payments", "payouts", "settings"};

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  return bytes;
}

std::int64_t lag_of(const GroupProgress& progress) {
  std::int64_t lag = 0;
  for (const PartitionProgress& partition : progress.partitions)
    lag += partition.end.value - partition.committed.value;
  return lag;
}

// Waits until what the cluster says about the group is so.
testing::AssertionResult eventually(EventLog& log, const std::string& group,
                                    const std::function<bool(const GroupProgress&)>& expected) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  std::string last;
  while (std::chrono::steady_clock::now() < until) {
    const Result<GroupProgress> progress = log.progress(group, "payments");
    if (progress && expected(progress.value())) return testing::AssertionSuccess();
    last = progress ? "lag " + std::to_string(lag_of(progress.value())) + ", members " +
                          std::to_string(progress.value().members)
                    : progress.error().detail;
  }
  return testing::AssertionFailure() << last;
}

}  // namespace

void EventLogContract::use(std::unique_ptr<LogHarness> harness) {
  harness_ = std::move(harness);
  ASSERT_NE(harness_, nullptr);
  const Status created = log().create_topics(kTopics);
  ASSERT_TRUE(created) << created.error().detail;
  const Status ready = log().ready(kTopics);
  ASSERT_TRUE(ready) << ready.error().detail;
}

std::unique_ptr<EventConsumer> EventLogContract::subscribe(const std::string& name) {
  Result<std::unique_ptr<EventConsumer>> consumer = log().subscribe(group(name), {"payments"});
  EXPECT_TRUE(consumer) << consumer.error().detail;
  return std::move(consumer.value());
}

std::vector<Position> EventLogContract::append_all(int count, const std::string& key_prefix) {
  std::vector<std::future<Result<Position>>> answers;
  for (int i = 0; i < count; ++i)
    answers.push_back(append_later(log(), make_record(key_prefix + std::to_string(i), std::to_string(i))));
  std::vector<Position> positions;
  for (auto& answer : answers) {
    const Result<Position> position = answer.get();
    EXPECT_TRUE(position) << position.error().detail;
    if (position) positions.push_back(position.value());
  }
  return positions;
}

TEST_P(EventLogContract, AnAppendIsAnsweredWithItsPosition) {
  const Result<Position> first = append_and_wait(log(), make_record("sub_1", "one"));
  const Result<Position> second = append_and_wait(log(), make_record("sub_1", "two"));
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(first.value().topic, "payments");
  EXPECT_EQ(first.value().partition, second.value().partition);
  EXPECT_EQ(first.value().offset.value + 1, second.value().offset.value);
}

TEST_P(EventLogContract, AnswersComeFromAnotherThread) {
  std::promise<std::thread::id> answered_on;
  ASSERT_TRUE(log().append(make_record("k", "v"), [&](const Result<Position>&) {
    answered_on.set_value(std::this_thread::get_id());
  }));
  EXPECT_NE(answered_on.get_future().get(), std::this_thread::get_id());
}

TEST_P(EventLogContract, RecordsOfOneKeyKeepTheirOrder) {
  std::vector<std::future<Result<Position>>> answers;
  for (int i = 0; i < 200; ++i)
    answers.push_back(append_later(log(), make_record("key" + std::to_string(i % 3), std::to_string(i))));
  for (auto& answer : answers) ASSERT_TRUE(answer.get());
  std::map<std::string, std::vector<int>> by_key;
  for (const StoredRecord& record : poll_records(*subscribe(), 200))
    by_key[record.key].push_back(std::stoi(record.value));
  ASSERT_EQ(by_key.size(), 3U);
  for (const auto& [key, values] : by_key) {
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end())) << key;
    EXPECT_GE(values.size(), 66U);
  }
}

TEST_P(EventLogContract, ARecordComesBackByteForByte) {
  Record record = make_record("cus_\xC3\xA9", every_byte());
  record.headers = {
      {"ce_id", "evt_1"}, {"ce_type", "payout.paid"}, {"ps_decision", std::string("a\0b", 3)}, {"empty", ""}};
  const Record sent = record;
  const Result<Position> at = append_and_wait(log(), std::move(record));
  ASSERT_TRUE(at) << at.error().detail;
  const Result<std::optional<StoredRecord>> read = log().read(at.value());
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_TRUE(read.value());
  EXPECT_EQ(read.value()->position, at.value());
  EXPECT_EQ(read.value()->key, sent.key);
  EXPECT_EQ(read.value()->value, sent.value);
  EXPECT_EQ(read.value()->headers, sent.headers);
  EXPECT_GT(read.value()->appended_at, timestamp_from_unix_ms(1'700'000'000'000));
}

TEST_P(EventLogContract, EmptyAndLargeValuesComeBackAsTheyWere) {
  const std::string large(500 * 1024, 'x');
  ASSERT_TRUE(append_and_wait(log(), make_record("same", "")));
  ASSERT_TRUE(append_and_wait(log(), make_record("same", large)));
  ASSERT_TRUE(append_and_wait(log(), make_record("", "no key", "payouts")));
  EXPECT_THAT(values_of(poll_records(*subscribe(), 2)), ElementsAre("", large));
}

TEST_P(EventLogContract, ARecordWithoutKeyAndHeadersComesBack) {
  const Result<Position> at = append_and_wait(log(), make_record("", "v"));
  ASSERT_TRUE(at) << at.error().detail;
  const Result<std::optional<StoredRecord>> read = log().read(at.value());
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_TRUE(read.value());
  EXPECT_EQ(read.value()->key, "");
  EXPECT_THAT(read.value()->headers, IsEmpty());
}

TEST_P(EventLogContract, AnAbsentPositionReadsAsNothing) {
  const std::vector<Position> positions = append_all(3);
  const Position last = *std::max_element(positions.begin(), positions.end(),
                                          [](const auto& a, const auto& b) { return a.offset < b.offset; });
  const std::vector<Position> absent = {{"payments", last.partition, Offset{last.offset.value + 1'000}},
                                        {"payments", last.partition, Offset{-1}},
                                        {"payments", Partition{99}, Offset{0}},
                                        {"payments", Partition{-1}, Offset{0}},
                                        {"payouts", Partition{0}, Offset{0}},
                                        {"nothing", Partition{0}, Offset{0}}};
  for (const Position& position : absent) {
    const Result<std::optional<StoredRecord>> read = log().read(position);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_FALSE(read.value()) << position.topic << " " << position.partition.value << " "
                               << position.offset.value;
  }
}

TEST_P(EventLogContract, EachPositionReadsAsItsOwnRecord) {
  const std::vector<Position> positions = append_all(20);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const Result<std::optional<StoredRecord>> read = log().read(positions[i]);
    ASSERT_TRUE(read) << read.error().detail;
    ASSERT_TRUE(read.value());
    EXPECT_EQ(read.value()->value, std::to_string(i));
  }
}

TEST_P(EventLogContract, ARecordLargerThanTheLogTakesIsInvalid) {
  const Result<Position> refused = append_and_wait(log(), make_record("k", std::string(2 << 20, 'x')));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_TRUE(append_and_wait(log(), make_record("k", "small")));
}

TEST_P(EventLogContract, ANewGroupStartsAtTheBeginning) {
  const std::vector<Position> appended = append_all(10);
  EXPECT_THAT(positions_of(poll_records(*subscribe("new"), 10)), UnorderedElementsAreArray(appended));
}

TEST_P(EventLogContract, APollReturnsAsSoonAsThereIsARecord) {
  const auto consumer = subscribe();
  append_all(1);
  ASSERT_EQ(poll_records(*consumer, 1).size(), 1U);
  auto polled = std::async(std::launch::async, [&] { return consumer->poll(10, kPatience); });
  const auto started = std::chrono::steady_clock::now();
  append_all(1);
  const Result<std::vector<StoredRecord>> records = polled.get();
  ASSERT_TRUE(records) << records.error().detail;
  EXPECT_EQ(records.value().size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - started, kPatience / 3);
}

TEST_P(EventLogContract, APollTakesNoMoreThanAskedFor) {
  append_all(20);
  const auto consumer = subscribe();
  std::vector<std::size_t> sizes;
  const auto receive = [&](EventConsumer&, const std::vector<StoredRecord>&) {};
  std::size_t seen = 0;
  ASSERT_TRUE(poll_until({}, receive, [&] {
    const Result<std::vector<StoredRecord>> records = consumer->poll(3, Milliseconds{100});
    EXPECT_TRUE(records);
    if (!records) return true;
    sizes.push_back(records.value().size());
    seen += records.value().size();
    return seen >= 20;
  }));
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 3U);
  EXPECT_EQ(seen, 20U);
}

TEST_P(EventLogContract, WhatWasNotCommittedComesAgain) {
  const std::vector<Position> appended = append_all(10);
  EXPECT_EQ(poll_records(*subscribe(), 10).size(), 10U);
  EXPECT_THAT(positions_of(poll_records(*subscribe(), 10)), UnorderedElementsAreArray(appended));
}

TEST_P(EventLogContract, WhatWasCommittedDoesNotComeAgain) {
  append_all(10);
  {
    const auto consumer = subscribe();
    const Status committed = consumer->commit(positions_of(poll_records(*consumer, 10)));
    ASSERT_TRUE(committed) << committed.error().detail;
  }
  const std::vector<Position> later = append_all(5);
  EXPECT_THAT(positions_of(poll_records(*subscribe(), 5)), UnorderedElementsAreArray(later));
}

TEST_P(EventLogContract, GroupsDoNotDisturbEachOther) {
  append_all(5);
  const auto payments = subscribe("payments");
  ASSERT_TRUE(payments->commit(positions_of(poll_records(*payments, 5))));
  EXPECT_EQ(poll_records(*subscribe("audit"), 5).size(), 5U);
}

TEST_P(EventLogContract, TwoConsumersOfAGroupMissNothingBetweenThem) {
  auto first = subscribe();
  std::set<Position> seen;
  const auto receive = [&](EventConsumer& consumer, const std::vector<StoredRecord>& records) {
    for (const StoredRecord& record : records) seen.insert(record.position);
    const Status committed = consumer.commit(positions_of(records));
    EXPECT_TRUE(committed) << committed.error().detail;
  };
  const std::vector<Position> before = append_all(20);
  ASSERT_TRUE(poll_until({first.get()}, receive, [&] { return seen.size() >= 20; }));
  const auto second = subscribe();
  std::size_t expected = 20;
  for (int round = 0; round < 20; ++round) {
    expected += append_all(10, "round" + std::to_string(round)).size();
    ASSERT_TRUE(poll_until({first.get(), second.get()}, receive, [&] { return seen.size() >= expected; }));
  }
  EXPECT_EQ(seen.size(), expected);
}

TEST_P(EventLogContract, PartitionsMoveToTheOtherWhenAConsumerLeaves) {
  auto first = subscribe();
  const auto second = subscribe();
  std::set<Position> seen;
  const auto receive = [&](EventConsumer&, const std::vector<StoredRecord>& records) {
    for (const StoredRecord& record : records) seen.insert(record.position);
  };
  const std::vector<Position> appended = append_all(30);
  ASSERT_TRUE(poll_until({first.get(), second.get()}, receive, [&] { return seen.size() >= 30; }));
  const std::uint64_t generation = second->generation();
  first.reset();
  seen.clear();
  ASSERT_TRUE(poll_until({second.get()}, receive, [&] { return seen.size() >= 30; }));
  EXPECT_THAT(seen, UnorderedElementsAreArray(appended));
  EXPECT_NE(second->generation(), generation);
}

TEST_P(EventLogContract, ACommitOfWhatIsNotOwnedIsSkipped) {
  append_all(1);
  const auto consumer = subscribe();
  ASSERT_EQ(poll_records(*consumer, 1).size(), 1U);
  const Result<Position> elsewhere = append_and_wait(log(), make_record("po_1", "v", "payouts"));
  ASSERT_TRUE(elsewhere) << elsewhere.error().detail;
  EXPECT_TRUE(consumer->commit(std::vector<Position>{elsewhere.value()}));
  EXPECT_TRUE(consumer->commit({}));
  const Result<GroupProgress> progress = log().progress(group(), "payouts");
  ASSERT_TRUE(progress) << progress.error().detail;
  EXPECT_EQ(lag_of(progress.value()), 1);
}

TEST_P(EventLogContract, APausedConsumerGetsNothingAndKeepsItsPartitions) {
  const auto consumer = subscribe();
  append_all(1);
  ASSERT_EQ(poll_records(*consumer, 1).size(), 1U);
  consumer->pause();
  const std::uint64_t generation = consumer->generation();
  append_all(10, "paused");
  for (int i = 0; i < 5; ++i) {
    const Result<std::vector<StoredRecord>> records = consumer->poll(100, Milliseconds{100});
    ASSERT_TRUE(records) << records.error().detail;
    EXPECT_THAT(records.value(), IsEmpty());
  }
  EXPECT_EQ(consumer->generation(), generation);
  consumer->resume();
  EXPECT_EQ(poll_records(*consumer, 10).size(), 10U);
  EXPECT_EQ(consumer->generation(), generation);
}

TEST_P(EventLogContract, APauseLosesNothingThatWasFetchedBefore) {
  const std::vector<Position> appended = append_all(60);
  const auto consumer = subscribe();
  std::set<Position> missing(appended.begin(), appended.end());
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!missing.empty() && std::chrono::steady_clock::now() < until) {
    const Result<std::vector<StoredRecord>> polled = consumer->poll(3, kPatience / 10);
    ASSERT_TRUE(polled) << polled.error().detail;
    for (const Position& position : positions_of(polled.value())) missing.erase(position);
    consumer->pause();
    EXPECT_THAT(consumer->poll(3, Milliseconds{5}).value(), IsEmpty());
    consumer->resume();
  }
  EXPECT_THAT(missing, IsEmpty());
}

TEST_P(EventLogContract, ProgressTellsLagAndMembers) {
  EXPECT_TRUE(eventually(log(), group(), [](const auto& p) { return lag_of(p) == 0 && p.members == 0; }));
  append_all(10);
  EXPECT_TRUE(eventually(log(), group(), [](const auto& p) { return lag_of(p) == 10 && p.members == 0; }));
  {
    const auto consumer = subscribe();
    const std::vector<StoredRecord> records = poll_records(*consumer, 10);
    EXPECT_TRUE(eventually(log(), group(), [](const auto& p) { return lag_of(p) == 10 && p.members == 1; }));
    ASSERT_TRUE(consumer->commit(positions_of(records)));
    EXPECT_TRUE(eventually(log(), group(), [](const auto& p) { return lag_of(p) == 0 && p.members == 1; }));
  }
  EXPECT_TRUE(eventually(log(), group(), [](const auto& p) { return lag_of(p) == 0 && p.members == 0; }));
}

std::vector<std::string> notes_of(const GroupProgress& progress) {
  std::vector<std::string> notes;
  for (const PartitionProgress& partition : progress.partitions)
    if (!partition.note.empty()) notes.push_back(partition.note);
  return notes;
}

// The first record that was polled of each partition: nothing is done yet.
std::vector<Position> firsts_of(const std::vector<StoredRecord>& records) {
  std::map<Partition, Position> firsts;
  for (const StoredRecord& record : records) firsts.emplace(record.position.partition, record.position);
  std::vector<Position> positions;
  for (const auto& [partition, position] : firsts) positions.push_back(position);
  return positions;
}

TEST_P(EventLogContract, ANoteIsToldWithTheProgressUntilTheNextCommit) {
  append_all(5);
  const auto consumer = subscribe();
  const std::vector<StoredRecord> records = poll_records(*consumer, 5);
  const std::vector<Position> undone = firsts_of(records);
  const Status noted = consumer->annotate(undone, R"({"state":"backing_off","error":"disk f\u00fcll"})");
  ASSERT_TRUE(noted) << noted.error().detail;
  GroupProgress progress = log().progress(group(), "payments").value();
  EXPECT_EQ(notes_of(progress).size(), undone.size());
  EXPECT_EQ(notes_of(progress).at(0), R"({"state":"backing_off","error":"disk f\u00fcll"})");
  EXPECT_EQ(lag_of(progress), 5) << "a note commits nothing";

  ASSERT_TRUE(consumer->annotate(undone, "another"));
  EXPECT_EQ(notes_of(log().progress(group(), "payments").value()).at(0), "another");
  EXPECT_THAT(notes_of(log().progress(group("audit"), "payments").value()), IsEmpty());

  ASSERT_TRUE(consumer->commit(positions_of(records)));
  progress = log().progress(group(), "payments").value();
  EXPECT_THAT(notes_of(progress), IsEmpty());
  EXPECT_EQ(lag_of(progress), 0);
}

TEST_P(EventLogContract, ANoteMovesNoOffsets) {
  append_all(5);
  {
    const auto consumer = subscribe();
    ASSERT_TRUE(consumer->annotate(firsts_of(poll_records(*consumer, 5)), "stuck"));
  }
  EXPECT_EQ(poll_records(*subscribe(), 5).size(), 5U);
}

TEST_P(EventLogContract, ANoteBesideWhatIsNotOwnedIsSkipped) {
  append_all(1);
  const auto consumer = subscribe();
  ASSERT_EQ(poll_records(*consumer, 1).size(), 1U);
  const Result<Position> elsewhere = append_and_wait(log(), make_record("po_1", "v", "payouts"));
  ASSERT_TRUE(elsewhere) << elsewhere.error().detail;
  EXPECT_TRUE(consumer->annotate(std::vector<Position>{elsewhere.value()}, "mine"));
  EXPECT_THAT(notes_of(log().progress(group(), "payouts").value()), IsEmpty());
}

TEST_P(EventLogContract, ANoteHasALimit) {
  append_all(1);
  const auto consumer = subscribe();
  const std::vector<Position> undone = firsts_of(poll_records(*consumer, 1));
  EXPECT_TRUE(consumer->annotate(undone, std::string(kProgressNoteBytesMax, 'x')));
  const Status refused = consumer->annotate(undone, std::string(kProgressNoteBytesMax + 1, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
}

TEST_P(EventLogContract, ItIsLoggedWhichPartitionsAConsumerWasGivenAndLost) {
  append_all(1);
  testing::internal::CaptureStderr();
  auto consumer = subscribe();
  poll_records(*consumer, 1);
  consumer.reset();
  const std::string logged = testing::internal::GetCapturedStderr();
  const auto line_with = [&](const std::string& message) {
    const std::size_t at = logged.find(message);
    return at == std::string::npos ? std::string() : logged.substr(at, logged.find('\n', at) - at);
  };
  for (const char* message : {"partitions given", "partitions taken away"})
    EXPECT_THAT(line_with(message),
                testing::AllOf(testing::HasSubstr(group()), testing::HasSubstr("topic=payments"),
                               testing::HasSubstr("partitions=0")))
        << logged;
}

TEST_P(EventLogContract, ATopicThatIsMissingIsWrongSchema) {
  const Status ready = log().ready({"payments", "nothing"});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, ErrorCode::wrong_schema);
  const auto consumer = log().subscribe(group(), {"nothing"});
  ASSERT_FALSE(consumer);
  EXPECT_EQ(consumer.error().code, ErrorCode::wrong_schema);
  const auto progress = log().progress(group(), "nothing");
  ASSERT_FALSE(progress);
  EXPECT_EQ(progress.error().code, ErrorCode::wrong_schema);
  EXPECT_FALSE(append_and_wait(log(), make_record("k", "v", "nothing")));
}

TEST_P(EventLogContract, TopicsCanBeCreatedAgain) {
  const std::vector<Position> appended = append_all(3);
  ASSERT_TRUE(log().create_topics({"payments", "waits", "settings"}));
  EXPECT_TRUE(log().ready({"payments", "waits", "settings"}));
  EXPECT_THAT(positions_of(poll_records(*subscribe(), 3)), UnorderedElementsAreArray(appended));
}

TEST_P(EventLogContract, FlushWaitsForEveryAnswer) {
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(log().append(make_record("k", "v"), [&](const Result<Position>&) { ++answered; }));
  const Status flushed = log().flush(kPatience);
  EXPECT_TRUE(flushed) << flushed.error().detail;
  EXPECT_EQ(answered, 100);
}

// A callback must not block; here one does, so that nothing else can be answered and the queue fills.
TEST_P(EventLogContract, AFullQueueRefusesAndNeverAnswers) {
  use(GetParam().make({.queue_records_max = 20}));
  std::latch go_on(1);
  std::atomic<int> answered = 0;
  const auto done = [&](const Result<Position>&) {
    go_on.wait();
    ++answered;
  };
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const Status status = log().append(make_record("k", "v"), done);
    ++(status ? accepted : refused);
    if (!status) {
      EXPECT_EQ(status.error().code, ErrorCode::overloaded);
    }
  }
  EXPECT_FALSE(log().flush(Milliseconds{10}));
  go_on.count_down();
  EXPECT_TRUE(log().flush(kPatience));
  EXPECT_GE(accepted, 20);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(answered, accepted);
  EXPECT_TRUE(append_and_wait(log(), make_record("k", "there is room again")));
}

TEST_P(EventLogContract, ClosingTheLogAnswersWhatItAccepted) {
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(log().append(make_record("k", "v"), [&](const Result<Position>&) { ++answered; }));
  use(GetParam().make({}));
  EXPECT_EQ(answered, 100);
}

TEST_P(EventLogContract, ManyThreadsMayAppendAtOnce) {
  std::mutex mutex;
  std::set<Position> acknowledged;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const auto at = append_and_wait(log(), make_record(std::to_string(t), std::to_string(i)));
        const std::scoped_lock lock(mutex);
        EXPECT_TRUE(at && acknowledged.insert(at.value()).second);
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::set<Position> missing = acknowledged;
  const auto receive = [&](EventConsumer&, const std::vector<StoredRecord>& records) {
    for (const Position& position : positions_of(records)) missing.erase(position);
  };
  const auto consumer = subscribe();
  poll_until({consumer.get()}, receive, [&] { return missing.empty(); });
  for (const Position& position : missing) {
    const auto record = log().read(position);
    ADD_FAILURE() << to_text(position)
                  << (record && record.value() ? " is in the log and was not received"
                                               : " is not in the log");
  }
}

}  // namespace penstock
