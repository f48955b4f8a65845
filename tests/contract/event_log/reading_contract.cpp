// What every EventLog promises whoever reads it without a group: scans, tails, and compacted topics.
#include "tests/contract/event_log/reading_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <thread>

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Offset kHuge{std::numeric_limits<std::int64_t>::max()};

Record setting(std::string key, std::string value) {
  return make_record(std::move(key), std::move(value), "settings");
}
Record no_setting(std::string key) {
  Record record = setting(std::move(key), "");
  record.deletion = true;
  return record;
}

// "key=value", or "key gone".
std::vector<std::string> told(const std::vector<StoredRecord>& records) {
  std::vector<std::string> texts;
  for (const StoredRecord& record : records)
    if (!record.key.starts_with(kFiller))
      texts.push_back(record.key + (record.deletion ? " gone" : "=" + record.value));
  return texts;
}

// What holds after these records.
std::map<std::string, std::string> table_of(const std::vector<StoredRecord>& records) {
  std::map<std::string, std::string> table;
  for (const StoredRecord& record : records) {
    table.erase(record.key);
    if (!record.deletion && !record.key.starts_with(kFiller)) table[record.key] = record.value;
  }
  return table;
}

ScanRange all_of(const Position& position) {
  return {.topic = position.topic,
          .partition = position.partition,
          .from = {},
          .to = {},
          .since = {},
          .until = {}};
}
ScanRange between(const Position& from, Offset to) {
  ScanRange range = all_of(from);
  range.from = from.offset;
  range.to = to;
  return range;
}

// What the tail tells next, of which there must be so much.
std::vector<std::string> next_of(LogTail& tail, std::size_t count) {
  std::vector<StoredRecord> records;
  const auto until = SteadyClock::now() + kPatience;
  while (told(records).size() < count && SteadyClock::now() < until) {
    auto batch = tail.next(100, Milliseconds{200});
    EXPECT_TRUE(batch) << batch.error().detail;
    if (!batch) break;
    EXPECT_FALSE(batch.value().anew);
    EXPECT_TRUE(batch.value().present);
    std::move(batch.value().records.begin(), batch.value().records.end(), std::back_inserter(records));
  }
  return told(records);
}

}  // namespace

std::vector<Position> ReadingContract::append_numbers(int count) {
  std::vector<Position> positions;
  for (int i = 0; i < count; ++i)
    positions.push_back(append_and_wait(log(), make_record("k", std::to_string(i))).value());
  return positions;
}

void ReadingContract::append(Record record) {
  const auto at = append_and_wait(log(), std::move(record));
  ASSERT_TRUE(at) << at.error().detail;
}

std::unique_ptr<LogScan> ReadingContract::scan(const ScanRange& range) {
  Result<std::unique_ptr<LogScan>> scan = log().scan(range);
  EXPECT_TRUE(scan) << scan.error().detail;
  return std::move(scan.value());
}

std::unique_ptr<LogTail> ReadingContract::tail(const std::string& topic) { return log().tail(topic).value(); }

std::vector<StoredRecord> ReadingContract::stored_settings() {
  std::vector<StoredRecord> stored;
  for (std::int32_t partition = 0;; ++partition) {
    const auto scan = log().scan(all_of({"settings", Partition{partition}, {}}));
    if (!scan) return stored;
    std::vector<StoredRecord> records = rest_of(*scan.value());
    std::move(records.begin(), records.end(), std::back_inserter(stored));
  }
}

bool ReadingContract::compact_to(std::size_t count) {
  const auto until = SteadyClock::now() + kPatience;
  while (told(stored_settings()).size() > count && SteadyClock::now() < until) harness().compact();
  return told(stored_settings()).size() <= count;
}

TEST_P(ReadingContract, AScanReadsARangeOfOffsets) {
  Record first = make_record("k", "first");
  first.headers = {{"ce_id", "evt_1"}};
  const Position at = append_and_wait(log(), first).value();
  const std::vector<Position> positions = append_numbers(12);
  const auto scan = this->scan(between(at, positions[4].offset));
  EXPECT_EQ(scan->position(), at.offset);
  const std::vector<StoredRecord> records = rest_of(*scan);
  EXPECT_THAT(values_of(records), ElementsAre("first", "0", "1", "2", "3"));
  EXPECT_EQ(records.front().position, at);
  EXPECT_EQ(records.front().key, "k");
  EXPECT_EQ(records.front().headers, first.headers);
  EXPECT_EQ(records.front().appended_at, log().read(at).value()->appended_at);
  EXPECT_EQ(scan->position(), positions[4].offset);
  EXPECT_TRUE(scan->next(10, kPatience).value().done) << "once more";
}

TEST_P(ReadingContract, AScanWithoutBoundsReadsTheWholePartitionHoweverFarItsEndIs) {
  const std::vector<Position> positions = append_numbers(10);
  EXPECT_THAT(positions_of(rest_of(*scan(all_of(positions[0])))), ElementsAreArray(positions));
  EXPECT_THAT(positions_of(rest_of(*scan(between(positions[0], kHuge)))), ElementsAreArray(positions));
}

TEST_P(ReadingContract, AScanHandsOverNoMoreThanAskedForAndALaterOneGoesOnWhereItWas) {
  const std::vector<Position> positions = append_numbers(10);
  const auto begun = scan(all_of(positions[0]));
  const ScanBatch batch = begun->next(4, kPatience).value();
  ASSERT_LE(batch.records.size(), 4U);
  EXPECT_FALSE(batch.done);
  ScanRange rest = all_of(positions[0]);
  rest.from = begun->position();
  std::vector<Position> seen = positions_of(batch.records);
  for (const Position& position : positions_of(rest_of(*scan(rest)))) seen.push_back(position);
  EXPECT_THAT(seen, ElementsAreArray(positions));
}

TEST_P(ReadingContract, AScanEndsAtTheEndOfWhenItBegan) {
  const std::vector<Position> positions = append_numbers(10);
  const auto scan = this->scan(all_of(positions[0]));
  append_numbers(10);
  EXPECT_THAT(positions_of(rest_of(*scan)), ElementsAreArray(positions));
}

TEST_P(ReadingContract, AScanGoesOnBesideAppendsAndConsumers) {
  const std::vector<Position> positions = append_numbers(300);
  std::atomic<bool> stop = false;
  std::thread appending([&] {
    while (!stop) EXPECT_TRUE(append_and_wait(log(), make_record("k", "later")));
  });
  const auto consumer = subscribe();
  const auto scan = this->scan(all_of(positions[0]));
  std::vector<StoredRecord> records;
  for (bool done = false; !done;) {
    ScanBatch batch = scan->next(50, kPatience).value();
    std::move(batch.records.begin(), batch.records.end(), std::back_inserter(records));
    done = batch.done;
    EXPECT_TRUE(consumer->poll(10, Milliseconds{1}));
  }
  stop = true;
  appending.join();
  ASSERT_GE(records.size(), positions.size());
  records.resize(positions.size());
  EXPECT_THAT(positions_of(records), ElementsAreArray(positions));
}

TEST_P(ReadingContract, AScanMovesNoGroup) {
  const std::vector<Position> positions = append_numbers(5);
  rest_of(*scan(all_of(positions[0])));
  const auto progress = log().progress(group(), "payments").value();
  EXPECT_EQ(progress.members, 0);
  for (const PartitionProgress& partition : progress.partitions) EXPECT_EQ(partition.committed, Offset{0});
}

TEST_P(ReadingContract, AScanReadsARangeOfTime) {
  std::vector<StoredRecord> records;
  std::set<Timestamp> times;
  const auto until = SteadyClock::now() + kPatience;
  while (times.size() < 5 && SteadyClock::now() < until) {
    const Position at = append_and_wait(log(), make_record("k", "v")).value();
    records.push_back(log().read(at).value().value());
    times.insert(records.back().appended_at);
  }
  ScanRange range = all_of(records[0].position);
  range.since = *std::next(times.begin(), 1);
  range.until = *std::next(times.begin(), 3);
  std::vector<Position> expected;
  for (const StoredRecord& record : records)
    if (record.appended_at >= *range.since && record.appended_at < *range.until)
      expected.push_back(record.position);
  EXPECT_THAT(positions_of(rest_of(*scan(range))), ElementsAreArray(expected));
  range.until.reset();
  range.since = *times.rbegin() + std::chrono::hours{1};
  EXPECT_THAT(rest_of(*scan(range)), IsEmpty());
  range.since = timestamp_from_unix_ms(-1);
  EXPECT_THAT(rest_of(*scan(range)), SizeIs(records.size()));
  range.since.reset();
  range.until = *times.begin();
  EXPECT_THAT(rest_of(*scan(range)), IsEmpty());
}

TEST_P(ReadingContract, ARangeThatHoldsNothingIsDone) {
  const std::vector<Position> positions = append_numbers(5);
  EXPECT_THAT(rest_of(*scan(between(positions[2], positions[2].offset))), IsEmpty());
  const Position beyond{"payments", positions[0].partition, Offset{positions.back().offset.value + 1'000}};
  EXPECT_THAT(rest_of(*scan(between(beyond, kHuge))), IsEmpty());
  const Position farthest{"payments", positions[0].partition, kHuge};
  EXPECT_THAT(rest_of(*scan(between(farthest, kHuge))), IsEmpty());
  EXPECT_THAT(rest_of(*scan(all_of({"payouts", Partition{0}, {}}))), IsEmpty()) << "an empty partition";
}

TEST_P(ReadingContract, ARangeThatMakesNoSenseIsInvalid) {
  const Position somewhere{"payments", Partition{0}, Offset{5}};
  std::vector<ScanRange> ranges = {between(somewhere, Offset{4}), between(somewhere, Offset{-1}),
                                   all_of(somewhere), all_of(somewhere), all_of(somewhere)};
  ranges[2].from = Offset{-1};
  ranges[3].partition = Partition{-1};
  ranges[4].since = timestamp_from_unix_ms(2);
  ranges[4].until = timestamp_from_unix_ms(1);
  for (const ScanRange& range : ranges) {
    const auto refused = log().scan(range);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid) << refused.error().detail;
  }
}

TEST_P(ReadingContract, AScanOfWhatIsNotThereIsWrongSchema) {
  for (const Position& position :
       {Position{"nothing", Partition{0}, {}}, Position{"payments", Partition{99}, {}}}) {
    const auto refused = log().scan(all_of(position));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::wrong_schema);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr(position.topic));
  }
}

TEST_P(ReadingContract, AScanPassesOverWhatWasDropped) {
  const std::vector<Position> positions = append_numbers(10);
  const auto begun = scan(all_of(positions[0]));
  harness().drop_before(positions[6]);
  const std::vector<Position> left(positions.begin() + 6, positions.end());
  EXPECT_THAT(positions_of(rest_of(*scan(all_of(positions[0])))), ElementsAreArray(left));
  EXPECT_THAT(rest_of(*scan(between(positions[0], positions[3].offset))), IsEmpty());
  rest_of(*begun);
  EXPECT_EQ(begun->position().value, positions.back().offset.value + 1) << "whatever it had fetched before";
}

TEST_P(ReadingContract, AScanOfAPartitionThatWasDroppedWholeIsDone) {
  const std::vector<Position> positions = append_numbers(10);
  harness().drop_before({"payments", positions[0].partition, Offset{positions.back().offset.value + 1}});
  EXPECT_THAT(rest_of(*scan(all_of(positions[0]))), IsEmpty());
}

TEST_P(ReadingContract, ManyScansOneAfterTheOtherLeaveNothingBehind) {
  const std::vector<Position> positions = append_numbers(3);
  for (int i = 0; i < 50; ++i) {
    const auto read_to_the_end = scan(all_of(positions[0]));
    EXPECT_THAT(rest_of(*read_to_the_end), SizeIs(3));
    const auto given_up = scan(all_of(positions[0]));
    EXPECT_TRUE(given_up->next(1, kPatience));
    const auto never_used = scan(all_of(positions[0]));
  }
}

TEST_P(ReadingContract, ADeletionIsNoEmptyValue) {
  append(setting("k", ""));
  Record deletion = no_setting("k");
  deletion.value = "whatever";
  append(deletion);
  append(setting("k", "v"));
  EXPECT_THAT(told(stored_settings()), ElementsAre("k=", "k gone", "k=v"));
  EXPECT_THAT(values_of(stored_settings()), ElementsAre("", "", "v"));
}

TEST_P(ReadingContract, ATailTellsWhatIsThereThenThePresentThenWhatComes) {
  append(setting("a", "1"));
  append(setting("b", "1"));
  append(setting("a", "2"));
  append(no_setting("b"));
  const auto tail = this->tail();
  EXPECT_EQ(table_of(read_to_present(*tail)), (std::map<std::string, std::string>{{"a", "2"}}));
  append(setting("c", "1"));
  EXPECT_THAT(next_of(*tail, 1), ElementsAre("c=1"));
  append(no_setting("a"));
  EXPECT_THAT(next_of(*tail, 1), ElementsAre("a gone"));
  append(setting("a", "3"));
  EXPECT_THAT(next_of(*tail, 1), ElementsAre("a=3"));
}

TEST_P(ReadingContract, ATailOfAnEmptyTopicIsAtThePresent) {
  const auto tail = this->tail();
  EXPECT_THAT(read_to_present(*tail), IsEmpty());
  append(setting("a", "1"));
  EXPECT_THAT(next_of(*tail, 1), ElementsAre("a=1"));
}

TEST_P(ReadingContract, ATailBeginsAnewOnceAndIsNotAtThePresentBeforeItHasToldAllThatWasThere) {
  for (int i = 0; i < 50; ++i) append(setting("k" + std::to_string(i), "v"));
  const auto tail = this->tail();
  int begun = 0;
  std::size_t records = 0;
  const auto until = SteadyClock::now() + kPatience;
  for (bool present = false; !present && SteadyClock::now() < until;) {
    const auto batch = tail->next(7, Milliseconds{500});
    ASSERT_TRUE(batch) << batch.error().detail;
    EXPECT_LE(batch.value().records.size(), 7U);
    begun += batch.value().anew ? 1 : 0;
    records += batch.value().records.size();
    present = batch.value().present;
    EXPECT_EQ(present, records == 50U);
  }
  EXPECT_EQ(begun, 1);
}

TEST_P(ReadingContract, ATailOfATopicThatIsNotCompactedTellsEveryRecordOfAKeyInItsOrder) {
  ASSERT_TRUE(log().create_topics({"claims"}));
  append(make_record("k", "1", "claims"));
  append(make_record("k", "2", "claims"));
  const auto tail = this->tail("claims");
  EXPECT_THAT(told(read_to_present(*tail)), ElementsAre("k=1", "k=2"));
  append(make_record("k", "3", "claims"));
  EXPECT_THAT(next_of(*tail, 1), ElementsAre("k=3"));
}

TEST_P(ReadingContract, ATailWaitsNoLongerThanItIsToldAndReturnsAsSoonAsThereIsARecord) {
  const auto tail = this->tail();
  read_to_present(*tail);
  auto next = std::async(std::launch::async, [&] { return tail->next(10, kPatience); });
  append(setting("a", "1"));
  ASSERT_EQ(next.wait_for(kPatience / 3), std::future_status::ready);
  EXPECT_THAT(told(next.get().value().records), ElementsAre("a=1"));
}

TEST_P(ReadingContract, ATailOfATopicThatIsMissingSaysSoAndBeginsOnceItIsThere) {
  const auto tail = this->tail("waits");
  const auto missing = tail->next(10, Milliseconds{10});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::wrong_schema);
  ASSERT_TRUE(log().create_topics({"waits"}));
  EXPECT_THAT(read_to_present(*tail), IsEmpty());
}

TEST_P(ReadingContract, TailsOfOneTopicAllSeeEverything) {
  append(setting("a", "1"));
  const auto one = tail();
  const auto other = tail();
  EXPECT_THAT(told(read_to_present(*one)), ElementsAre("a=1"));
  EXPECT_THAT(told(read_to_present(*other)), ElementsAre("a=1"));
  append(setting("b", "1"));
  EXPECT_THAT(next_of(*one, 1), ElementsAre("b=1"));
  EXPECT_THAT(next_of(*other, 1), ElementsAre("b=1"));
}

TEST_P(ReadingContract, ACompactedTopicKeepsTheNewestRecordOfEachKey) {
  for (int round = 0; round < 5; ++round)
    for (int key = 0; key < 10; ++key) append(setting("k" + std::to_string(key), std::to_string(round)));
  append(no_setting("k9"));
  ASSERT_TRUE(compact_to(10)) << told(stored_settings()).size();
  std::map<std::string, std::string> expected;
  for (int key = 0; key < 9; ++key) expected["k" + std::to_string(key)] = "4";
  EXPECT_EQ(table_of(stored_settings()), expected);
  EXPECT_THAT(told(stored_settings()), testing::Contains("k9 gone"))
      << "whoever has read k9 is still to hear of it";
  const Position next = append_and_wait(log(), setting("k0", "5")).value();
  for (const StoredRecord& record : stored_settings())
    EXPECT_TRUE(record.position.partition != next.partition || record.position.offset <= next.offset);
  EXPECT_EQ(table_of(read_to_present(*tail())).at("k0"), "5");
}

TEST_P(ReadingContract, ATailSurvivesCompaction) {
  for (int i = 0; i < 20; ++i) append(setting("a", std::to_string(i)));
  append(setting("b", "1"));
  const auto tail = this->tail();
  const auto first = tail->next(5, kPatience);
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_TRUE(compact_to(2));
  std::vector<StoredRecord> records = first.value().records;
  const auto until = SteadyClock::now() + kPatience;
  for (bool present = first.value().present; !present && SteadyClock::now() < until;) {
    auto batch = tail->next(5, Milliseconds{200});
    ASSERT_TRUE(batch) << batch.error().detail;
    std::move(batch.value().records.begin(), batch.value().records.end(), std::back_inserter(records));
    present = batch.value().present;
  }
  EXPECT_EQ(table_of(records), (std::map<std::string, std::string>{{"a", "19"}, {"b", "1"}}));
  append(setting("b", "2"));
  EXPECT_THAT(next_of(*tail, 1), ElementsAre("b=2"));
}

TEST_P(ReadingContract, AGroupReadsACompactedTopicAndNeitherLosesTheLast) {
  for (int i = 0; i < 10; ++i) append(setting("a", std::to_string(i)));
  append(setting("b", "only"));
  {
    const auto consumer = log().subscribe(group(), {"settings"}).value();
    ASSERT_TRUE(consumer->commit(positions_of(poll_records(*consumer, 11))));
  }
  for (int i = 10; i < 20; ++i) append(setting("a", std::to_string(i)));
  ASSERT_TRUE(compact_to(2));
  EXPECT_EQ(table_of(stored_settings()), (std::map<std::string, std::string>{{"a", "19"}, {"b", "only"}}))
      << "what every group is done with stays while it is the newest of its key";
  const auto consumer = log().subscribe(group(), {"settings"}).value();
  std::vector<StoredRecord> seen;
  const auto receive = [&](EventConsumer&, std::vector<StoredRecord> records) {
    std::move(records.begin(), records.end(), std::back_inserter(seen));
  };
  EXPECT_TRUE(poll_until({consumer.get()}, receive, [&] { return table_of(seen)["a"] == "19"; }));
}

TEST_P(ReadingContract, ARecordWithoutAKeyIsRefusedInACompactedTopic) {
  const auto refused = append_and_wait(log(), setting("", "v"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  append(setting("k", "v"));
}

}  // namespace penstock
