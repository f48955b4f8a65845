// Scans, tails and compaction of the logs of one process: what is theirs alone, and what may go wrong.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/sqlite/event_log.h"
#include "common/adapters/sqlite/sqlite.h"
#include "tests/contract/event_log/support.h"
#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ScanRange all_of(const std::string& topic, Offset from = {}) {
  return {.topic = topic, .partition = Partition{0}, .from = from, .to = {}, .since = {}, .until = {}};
}

Record setting(std::string key, std::string value, bool deletion = false) {
  Record record = make_record(std::move(key), std::move(value), "settings");
  record.deletion = deletion;
  return record;
}

class MemoryLogReading : public testing::Test {
 protected:
  static EmbeddedLogOptions options() {
    EmbeddedLogOptions options;
    options.piece = {.records_max = 3, .bytes_max = 1 << 20, .time_max = kPatience};
    options.tail_anew_after = Milliseconds{50};
    return options;
  }
  void SetUp() override {
    ASSERT_TRUE(log().create_topics({"payments", "settings"}));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append_and_wait(log(), setting("k", std::to_string(i))));
  }
  EventLog& log() { return *memory_.log; }
  MemoryLogStorage& storage() { return *memory_.storage; }

  ManualClock clock_;
  MemoryEventLog memory_ = open_memory_log(options(), clock_);
};

TEST_F(MemoryLogReading, AScanGoesOnAfterAnOutage) {
  const auto scan = log().scan(all_of("settings")).value();
  ASSERT_THAT(scan->next(4, kPatience).value().records, SizeIs(4));
  storage().set_available(false);
  EXPECT_EQ(scan->next(4, kPatience).error().code, ErrorCode::unavailable);
  EXPECT_EQ(scan->position(), Offset{4});
  storage().set_available(true);
  EXPECT_THAT(values_of(rest_of(*scan)), ElementsAre("4", "5", "6", "7", "8", "9"));
}

TEST_F(MemoryLogReading, AScanThatIsGivenUpWhileItsQuestionWaitsDoesNoHarm) {
  storage().hold_writes();
  ASSERT_TRUE(log().append(setting("k", "held"), [](const Result<Position>&) {}));
  auto scan = log().scan(all_of("settings")).value();
  // The log's thread may have answered before it came to the write.
  const auto until = SteadyClock::now() + kPatience;
  Result<ScanBatch> batch = scan->next(1, Milliseconds{20});
  while (batch && !batch.value().done && SteadyClock::now() < until) batch = scan->next(1, Milliseconds{20});
  scan.reset();
  storage().release_writes();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::timeout);
  EXPECT_TRUE(log().flush(kPatience));
}

TEST_F(MemoryLogReading, ATailSaysThatTheLogIsAwayAndGoesOn) {
  const auto tail = log().tail("settings").value();
  storage().set_available(false);
  EXPECT_EQ(tail->next(100, Milliseconds{10}).error().code, ErrorCode::unavailable);
  storage().set_available(true);
  EXPECT_THAT(read_to_present(*tail), SizeIs(10));
}

TEST_F(MemoryLogReading, ATailThatMayHaveMissedADeletionBeginsAnew) {
  const auto tail = log().tail("settings").value();
  ASSERT_THAT(read_to_present(*tail), SizeIs(10));
  ASSERT_TRUE(append_and_wait(log(), setting("k", "10")));
  storage().set_available(false);
  const auto away_until = SteadyClock::now() + 2 * options().tail_anew_after;
  while (SteadyClock::now() < away_until) EXPECT_FALSE(tail->next(100, Milliseconds{1}));
  storage().set_available(true);
  const TailBatch batch = tail->next(100, Milliseconds{1}).value();
  EXPECT_TRUE(batch.anew);
  EXPECT_TRUE(batch.present);
  EXPECT_THAT(batch.records, SizeIs(11));
}

TEST_F(MemoryLogReading, AppendsAreAnsweredBetweenThePiecesOfACompaction) {
  std::vector<std::string> order;
  storage().on_pruned([&](std::size_t records) {
    order.push_back("dropped " + std::to_string(records));
    ASSERT_TRUE(log().append(make_record("k", "meanwhile"),
                             [&](const Result<Position>&) { order.emplace_back("answered"); }));
  });
  ASSERT_TRUE(log().prune(clock_.now(), {}));
  ASSERT_TRUE(log().flush(kPatience));
  EXPECT_THAT(order, ElementsAre("dropped 3", "answered", "dropped 3", "answered", "dropped 3", "answered"));
}

TEST_F(MemoryLogReading, AThousandScansAtOnceReadBesideAppendsAndTails) {
  std::vector<std::unique_ptr<LogScan>> scans;
  for (int i = 0; i < 1'000; ++i) scans.push_back(log().scan(all_of("settings")).value());
  const auto read = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) EXPECT_THAT(rest_of(*scans[i]), SizeIs(10));
  };
  std::thread one(read, 0, 500);
  std::thread other(read, 500, 1'000);
  std::thread tailing([&] {
    const auto tail = log().tail("settings").value();
    EXPECT_GE(read_to_present(*tail).size(), 10U);
  });
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(append_and_wait(log(), setting("k", "later")));
  one.join();
  other.join();
  tailing.join();
}

class SqliteLogReading : public testing::Test {
 protected:
  SqliteLogReading() {
    std::string path = (std::filesystem::temp_directory_path() / "penstock.XXXXXX").string();
    folder_ = mkdtemp(path.data());
    open();
  }
  ~SqliteLogReading() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    auto opened = open_sqlite_log({.file = file(), .log = options_}, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    log_ = std::move(opened.value());
    ASSERT_TRUE(log_->create_topics({"payments", "settings"}));
  }
  std::filesystem::path file() const { return folder_ / "log.db"; }
  void append(Record record) { ASSERT_TRUE(append_and_wait(*log_, std::move(record))); }
  void compact() {
    while (log_->prune(clock_.now(), {}).value()) continue;
  }
  std::vector<StoredRecord> stored(const std::string& topic = "settings") {
    return rest_of(*log_->scan(all_of(topic)).value());
  }

  ManualClock clock_;
  std::filesystem::path folder_;
  EmbeddedLogOptions options_;
  std::unique_ptr<EmbeddedEventLog> log_;
};

TEST_F(SqliteLogReading, ADeletionGoesAfterItsTimeAndOffsetsGoOn) {
  append(setting("a", "1"));
  append(setting("b", "1"));
  append(setting("a", "", true));
  compact();
  EXPECT_THAT(stored(), SizeIs(2)) << "the deletion is to be heard of first";
  clock_.advance(options_.deletions_kept - Milliseconds{1});
  compact();
  EXPECT_THAT(stored(), SizeIs(2));
  clock_.advance(Milliseconds{2});
  compact();
  EXPECT_THAT(values_of(stored()), ElementsAre("1"));
  EXPECT_EQ(stored()[0].key, "b");
  log_.reset();
  open();
  EXPECT_EQ(append_and_wait(*log_, setting("a", "2")).value().offset, Offset{3});
  const auto tail = log_->tail("settings").value();
  EXPECT_THAT(values_of(read_to_present(*tail)), ElementsAre("1", "2"));
}

TEST_F(SqliteLogReading, AKeyThatIsSetAgainAfterItsDeletionStays) {
  append(setting("a", "", true));
  append(setting("a", "2"));
  clock_.advance(2 * options_.deletions_kept);
  compact();
  EXPECT_THAT(values_of(stored()), ElementsAre("2"));
  append(setting("a", "3"));
  compact();
  EXPECT_THAT(values_of(stored()), ElementsAre("3")) << "its newest is still known";
}

TEST_F(SqliteLogReading, WhatIsReplacedIsKnownAfterARestart) {
  for (int i = 0; i < 5; ++i) append(setting("a", std::to_string(i)));
  log_.reset();
  open();
  append(setting("a", "5"));
  compact();
  EXPECT_THAT(values_of(stored()), ElementsAre("5"));
}

TEST_F(SqliteLogReading, ACompactionWorksInBoundedRuns) {
  options_.piece.records_max = 3;
  options_.pieces_max = 2;
  log_.reset();
  open();
  for (int i = 0; i < 20; ++i) append(setting("a", std::to_string(i)));
  std::vector<std::size_t> left;
  for (bool more = true; more; left.push_back(stored().size())) more = log_->prune(clock_.now(), {}).value();
  EXPECT_EQ(left.front(), 14U);
  EXPECT_EQ(left.back(), 1U);
}

TEST_F(SqliteLogReading, ATopicThatIsNotCompactedKeepsEveryRecordOfAKey) {
  for (int i = 0; i < 5; ++i) append(make_record("a", std::to_string(i)));
  append(setting("a", "1"));
  clock_.advance(2 * options_.deletions_kept);
  compact();
  EXPECT_THAT(stored("payments"), SizeIs(5));
}

TEST_F(SqliteLogReading, AFileOfTheFirstVersionLearnsToCompact) {
  append(make_record("k", "v"));
  log_.reset();
  {
    auto db = sqlite::Connection::open(file()).value();
    ASSERT_TRUE(
        db.execute("DROP TABLE newest; DROP TABLE to_drop; ALTER TABLE records DROP COLUMN deletion; "
                   "PRAGMA user_version = 1"));
  }
  open();
  EXPECT_THAT(values_of(stored("payments")), ElementsAre("v"));
  for (int i = 0; i < 5; ++i) append(setting("a", std::to_string(i)));
  compact();
  EXPECT_THAT(values_of(stored()), ElementsAre("4"));
}

TEST_F(SqliteLogReading, AFileOfALaterVersionIsRefused) {
  log_.reset();
  ASSERT_TRUE(sqlite::Connection::open(file()).value().execute("PRAGMA user_version = 3"));
  const auto opened = open_sqlite_log({.file = file(), .log = {}}, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::wrong_schema);
}

// Overwrites the page that holds this text.
void damage_page_with(const std::filesystem::path& file, const std::string& text) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const std::size_t at = bytes.find(text);
  ASSERT_NE(at, std::string::npos);
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(at / 4096 * 4096));
  out << std::string(4096, '\x5a');
}

TEST_F(SqliteLogReading, ADamagedPageEndsAScanWithItsPlaceAndOneFromBehindItGoesOn) {
  for (int i = 0; i < 100; ++i)
    append(make_record("k", "value-" + std::to_string(i) + "-" + std::string(1'000, 'x')));
  log_.reset();
  damage_page_with(file(), "value-50-");
  open();
  const auto scan = log_->scan(all_of("payments")).value();
  std::size_t read = 0;
  Result<ScanBatch> batch = scan->next(100, kPatience);
  for (; batch && !batch.value().done; batch = scan->next(100, kPatience))
    read += batch.value().records.size();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::corrupt) << batch.error().detail;
  EXPECT_GE(read, 40U);
  EXPECT_EQ(scan->position().value, static_cast<std::int64_t>(read));
  EXPECT_EQ(scan->next(1, kPatience).error().code, ErrorCode::corrupt) << "and stays there";
  const std::vector<StoredRecord> behind = rest_of(*log_->scan(all_of("payments", Offset{60})).value());
  EXPECT_THAT(behind, SizeIs(40));
  append(make_record("k", "the log goes on"));
  const auto tail = log_->tail("payments").value();
  Result<TailBatch> told = tail->next(1, Milliseconds{1});
  const auto until = SteadyClock::now() + kPatience;
  while (told && SteadyClock::now() < until) told = tail->next(1, Milliseconds{1});
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace penstock
