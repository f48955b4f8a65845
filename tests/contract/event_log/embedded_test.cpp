// The logs of one process: the suite on both storages, and what is theirs alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/sqlite/event_log.h"
#include "common/adapters/sqlite/sqlite.h"
#include "common/adapters/system_clock/system_clock.h"
#include "tests/contract/event_log/reading_contract.h"
#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

EmbeddedLogOptions options_for(LogLimits limits, std::int32_t partitions) {
  EmbeddedLogOptions options;
  options.partitions = partitions;
  options.queue_records_max = static_cast<std::size_t>(limits.queue_records_max);
  return options;
}

class EmbeddedHarness : public LogHarness {
 public:
  void drop_before(const Position& position) override {
    const auto consumer = log().subscribe("dropping", {position.topic}).value();
    ASSERT_TRUE(consumer->commit(
        std::vector<Position>{{position.topic, position.partition, Offset{position.offset.value - 1}}}));
    compact();
  }
  void compact() override {
    while (log().prune(SystemClock().now() + std::chrono::hours{1}, {}).value()) continue;
  }
};

class MemoryHarness final : public EmbeddedHarness {
 public:
  MemoryHarness(LogLimits limits, std::int32_t partitions)
      : log_(open_memory_log(options_for(limits, partitions), clock_)) {}
  EventLog& log() override { return *log_.log; }

 private:
  SystemClock clock_;
  MemoryEventLog log_;
};

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "penstock.XXXXXX").string();
    path_ = mkdtemp(path.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path file() const { return path_ / "log.db"; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class SqliteHarness final : public EmbeddedHarness {
 public:
  explicit SqliteHarness(LogLimits limits)
      : log_(open_sqlite_log({.file = folder_.file(), .log = options_for(limits, 1)}, clock_).value()) {}
  EventLog& log() override { return *log_; }

 private:
  SystemClock clock_;
  Folder folder_;
  std::unique_ptr<EmbeddedEventLog> log_;
};

std::unique_ptr<LogHarness> make_memory(LogLimits limits) {
  return std::make_unique<MemoryHarness>(limits, 1);
}
std::unique_ptr<LogHarness> make_partitioned_memory(LogLimits limits) {
  return std::make_unique<MemoryHarness>(limits, 4);
}
std::unique_ptr<LogHarness> make_sqlite(LogLimits limits) { return std::make_unique<SqliteHarness>(limits); }

const auto kAdapters = testing::Values(LogAdapter{"Memory", make_memory},
                                       LogAdapter{"MemoryWithFourPartitions", make_partitioned_memory},
                                       LogAdapter{"Sqlite", make_sqlite});
INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract, kAdapters, adapter_name);
INSTANTIATE_TEST_SUITE_P(Embedded, ReadingContract, kAdapters, adapter_name);

class MemoryLog : public testing::Test {
 protected:
  MemoryLog() : memory_(open_memory_log({}, clock_)) { EXPECT_TRUE(log().create_topics({"payments"})); }
  EventLog& log() { return *memory_.log; }
  MemoryLogStorage& storage() { return *memory_.storage; }

 private:
  ManualClock clock_;
  MemoryEventLog memory_;
};

TEST_F(MemoryLog, FailsTheNextWriteOnly) {
  storage().fail_next_write({ErrorCode::timeout, "told to"});
  const Result<Position> failed = append_and_wait(log(), make_record("k", "lost"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::timeout);
  const Result<Position> stored = append_and_wait(log(), make_record("k", "kept"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored.value().offset, Offset{0});
}

TEST_F(MemoryLog, HeldWritesAreAnsweredWhenReleased) {
  storage().hold_writes();
  std::future<Result<Position>> answer = append_later(log(), make_record("k", "v"));
  EXPECT_FALSE(log().flush(Milliseconds{50}));
  EXPECT_EQ(answer.wait_for(Milliseconds{0}), std::future_status::timeout);
  storage().release_writes();
  EXPECT_TRUE(answer.get());
}

TEST_F(MemoryLog, AppendsThatWaitTogetherAreWrittenTogether) {
  storage().hold_writes();
  std::vector<std::future<Result<Position>>> answers;
  for (int i = 0; i < 64; ++i) answers.push_back(append_later(log(), make_record("k", std::to_string(i))));
  storage().release_writes();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_LE(storage().writes(), 2);  // the first may have gone ahead alone
}

TEST_F(MemoryLog, WhileAwayEverythingIsUnavailableAndAfterwardsNothingIs) {
  storage().set_available(false);
  const Result<Position> failed = append_and_wait(log(), make_record("k", "v"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  const Status ready = log().ready({"payments"});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, ErrorCode::unavailable);
  storage().set_available(true);
  EXPECT_TRUE(log().ready({"payments"}));
  EXPECT_TRUE(append_and_wait(log(), make_record("k", "v")));
}

// With small pieces.
class PruningLog : public testing::Test {
 protected:
  static EmbeddedLogOptions options() {
    EmbeddedLogOptions options;
    options.piece.records_max = 3;
    options.piece.time_max = Milliseconds{60'000};
    options.pieces_max = 2;
    return options;
  }
  void SetUp() override {
    ASSERT_TRUE(log().create_topics({"payments", "parked"}));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append_and_wait(log(), make_record("k", std::to_string(i))));
    const auto consumer = log().subscribe("penstock.payments", {"payments"}).value();
    ASSERT_TRUE(consumer->commit(positions_of(poll_records(*consumer, 10))));
    clock_.advance(Milliseconds{10'000});
  }
  EventLog& log() { return *memory_.log; }
  // The number of runs.
  int prune() {
    for (int runs = 1;; ++runs) {
      const Result<bool> more = log().prune(clock_.now(), {});
      EXPECT_TRUE(more) << more.error().detail;
      if (!more || !more.value()) return runs;
    }
  }

  ManualClock clock_;
  MemoryEventLog memory_ = open_memory_log(options(), clock_);
};

TEST_F(PruningLog, AppendsAreAnsweredBetweenThePieces) {
  std::vector<std::string> order;
  std::vector<std::future<Result<Position>>> answers;
  memory_.storage->on_pruned([&](std::size_t records) {
    order.push_back("dropped " + std::to_string(records));
    ASSERT_TRUE(log().append(make_record("k", "meanwhile"),
                             [&](const Result<Position>&) { order.emplace_back("answered"); }));
  });
  prune();
  ASSERT_TRUE(log().flush(kPatience));
  EXPECT_THAT(order, ElementsAre("dropped 3", "answered", "dropped 3", "answered", "dropped 3", "answered",
                                 "dropped 1", "answered"));
}

TEST_F(PruningLog, ARunHasAnEndAndTheNextGoesOn) {
  EXPECT_GT(prune(), 1);
  EXPECT_EQ(log().progress("penstock.audit", "payments").value().partitions.at(0).committed, Offset{10});
}

TEST_F(PruningLog, ClaimsAgeOutAlthoughNobodyConsumesThem) {
  ASSERT_TRUE(log().create_topics({"claims", "unrouted"}));
  const auto append_to = [&](const std::string& topic, int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(append_and_wait(log(), make_record("k", std::to_string(i), topic)));
  };
  const auto oldest_of = [&](const std::string& topic) {
    return log().progress("penstock.audit", topic).value().partitions.at(0).committed;
  };
  append_to("claims", 10);
  append_to("unrouted", 1);
  clock_.advance(kClaimsKept);
  append_to("claims", 1);
  prune();
  EXPECT_EQ(oldest_of("claims"), Offset{0}) << "not yet";
  clock_.advance(Milliseconds{1});
  prune();
  EXPECT_EQ(oldest_of("claims"), Offset{10});
  EXPECT_EQ(oldest_of("unrouted"), Offset{0}) << "that is kept for as long as nobody takes it";
}

TEST_F(MemoryLog, AConsumerSurvivesAnOutage) {
  const auto consumer = log().subscribe("penstock.payments", {"payments"}).value();
  ASSERT_TRUE(append_and_wait(log(), make_record("k", "v")));
  storage().set_available(false);
  EXPECT_FALSE(consumer->poll(10, Milliseconds{10}));
  storage().set_available(true);
  EXPECT_EQ(poll_records(*consumer, 1).size(), 1U);
}

// The log on one file, which it can be opened on again.
class SqliteLog : public testing::Test {
 protected:
  SqliteLog() { open(); }
  void open() {
    auto opened = open_sqlite_log({.file = folder_.file(), .log = options_}, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    log_ = std::move(opened.value());
    ASSERT_TRUE(log_->create_topics({"payments", "parked"}));
  }
  void reopen() {
    log_.reset();
    open();
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(append_and_wait(*log_, make_record("k", std::to_string(i))));
  }
  std::unique_ptr<EventConsumer> subscribe() {
    return log_->subscribe("penstock.payments", {"payments"}).value();
  }
  // Runs until nothing is left to drop.
  void prune(const StillParked& still_parked = {}) {
    while (true) {
      const Result<bool> more = log_->prune(clock_.now(), still_parked);
      ASSERT_TRUE(more) << more.error().detail;
      if (!more.value()) return;
    }
  }
  void consume(std::size_t count) {
    const auto consumer = subscribe();
    ASSERT_TRUE(consumer->commit(positions_of(poll_records(*consumer, count))));
  }

  ManualClock clock_;
  Folder folder_;
  EmbeddedLogOptions options_;
  std::unique_ptr<EmbeddedEventLog> log_;
};

TEST_F(SqliteLog, RecordsOffsetsAndGroupsSurviveARestart) {
  append(5);
  consume(5);
  append(2);
  reopen();
  EXPECT_THAT(values_of(poll_records(*subscribe(), 2)), ElementsAre("0", "1"));
  const Result<Position> next = append_and_wait(*log_, make_record("k", "v"));
  ASSERT_TRUE(next);
  EXPECT_EQ(next.value().offset, Offset{7});
}

TEST_F(SqliteLog, PruningDropsWhatIsOldAndConsumedByEveryGroup) {
  append(4);
  consume(4);
  clock_.advance(Milliseconds{10'000});
  append(2);
  prune();
  EXPECT_FALSE(log_->read({"payments", Partition{0}, Offset{3}}).value());
  EXPECT_TRUE(log_->read({"payments", Partition{0}, Offset{4}}).value());
  const GroupProgress other = log_->progress("penstock.audit", "payments").value();
  EXPECT_EQ(other.partitions.at(0).committed, Offset{4});
}

TEST_F(SqliteLog, PruningKeepsWhatAGroupHasNotConsumed) {
  append(4);
  consume(4);
  ASSERT_TRUE(log_->subscribe("penstock.audit", {"payments"}));
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "dead letter", "parked")));
  clock_.advance(Milliseconds{10'000});
  prune();
  EXPECT_TRUE(log_->read({"payments", Partition{0}, Offset{0}}).value());
  EXPECT_TRUE(log_->read({"parked", Partition{0}, Offset{0}}).value());
}

std::vector<std::string> letters_in(EventLog& log) {
  std::vector<std::string> letters;
  for (std::int64_t offset = 0; offset < 100; ++offset)
    if (const auto letter = log.read({"parked", Partition{0}, Offset{offset}}).value())
      letters.push_back(letter->value);
  return letters;
}

TEST_F(SqliteLog, PruningDropsDeadLettersThatSomebodyHasDecidedAbout) {
  for (int i = 0; i < 6; ++i)
    ASSERT_TRUE(append_and_wait(*log_, make_record("k", std::to_string(i), "parked")));
  clock_.advance(Milliseconds{10'000});
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "young", "parked")));
  std::vector<std::string> parked = {"1", "4"};
  const StillParked still_parked = [&](std::span<const StoredRecord> letters) {
    std::vector<bool> answers;
    for (const StoredRecord& letter : letters)
      answers.push_back(std::find(parked.begin(), parked.end(), letter.value) != parked.end());
    return answers;
  };
  prune();
  EXPECT_EQ(letters_in(*log_).size(), 7U) << "nobody can say what is parked still";
  prune(still_parked);
  EXPECT_THAT(letters_in(*log_), ElementsAre("1", "4", "young"));
  parked = {"4"};
  prune(still_parked);
  EXPECT_THAT(letters_in(*log_), ElementsAre("4", "young"));
}

TEST_F(SqliteLog, ADeadLetterThatAGroupHasReadStaysWhileItsEventIsParked) {
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "parked", "parked")));
  const auto consumer = log_->subscribe("penstock.audit", {"parked"}).value();
  ASSERT_TRUE(consumer->commit(positions_of(poll_records(*consumer, 1))));
  clock_.advance(Milliseconds{10'000});
  prune([](std::span<const StoredRecord> letters) { return std::vector<bool>(letters.size(), true); });
  EXPECT_THAT(letters_in(*log_), ElementsAre("parked"));
}

TEST_F(SqliteLog, WhatItTookWhenItTookMoreCanBeParked) {
  const std::string large(3 << 20, 'x');
  options_.record_bytes_max = 4 << 20;
  reopen();
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", large)));
  options_.record_bytes_max = 1 << 20;
  reopen();
  const auto read = poll_records(*subscribe(), 1);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(append_and_wait(*log_, make_record("k", large)).error().code, ErrorCode::invalid);
  const Result<Position> parked = append_and_wait(*log_, make_record("k", read[0].value, "parked"));
  ASSERT_TRUE(parked) << parked.error().detail;
  EXPECT_EQ(log_->read(parked.value()).value()->value, large);
}

TEST_F(SqliteLog, DeadLettersAreKeptWhenNobodyKnowsWhichAreParked) {
  ASSERT_TRUE(append_and_wait(*log_, make_record("k", "parked", "parked")));
  clock_.advance(Milliseconds{10'000});
  const auto failed =
      log_->prune(clock_.now(), [](std::span<const StoredRecord>) -> Result<std::vector<bool>> {
        return Error{ErrorCode::unavailable, "no store"};
      });
  EXPECT_FALSE(failed);
  EXPECT_THAT(letters_in(*log_), ElementsAre("parked"));
}

TEST_F(SqliteLog, APieceIsBoundedByItsBytesToo) {
  options_.piece.bytes_max = 250'000;
  options_.piece.time_max = Milliseconds{60'000};
  options_.pieces_max = 1;
  reopen();
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(append_and_wait(*log_, make_record("k", std::string(100'000, 'x'))));
  consume(10);
  clock_.advance(Milliseconds{10'000});
  for (const std::int64_t oldest : {3, 6, 9, 10}) {
    ASSERT_TRUE(log_->prune(clock_.now(), {}));
    EXPECT_EQ(log_->progress("penstock.audit", "payments").value().partitions.at(0).committed,
              Offset{oldest});
  }
}

TEST_F(SqliteLog, PruningGivesTheRoomBackAndKeepsTheWalSmall) {
  options_.pieces_max = 1;
  reopen();
  const std::string value(100'000, 'x');
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(append_and_wait(*log_, make_record("k", value)));
  consume(400);
  clock_.advance(Milliseconds{10'000});
  const auto full = std::filesystem::file_size(folder_.file());
  std::uintmax_t wal_max = 0;
  for (bool more = true; more;) {
    const Result<bool> pruned = log_->prune(clock_.now(), {});
    ASSERT_TRUE(pruned) << pruned.error().detail;
    more = pruned.value();
    wal_max = std::max(wal_max, std::filesystem::file_size(folder_.file().string() + "-wal"));
  }
  EXPECT_GT(full, 30'000'000U);
  EXPECT_LT(std::filesystem::file_size(folder_.file()), 4'000'000U);
  EXPECT_LT(wal_max, 12'000'000U);
  EXPECT_EQ(std::filesystem::file_size(folder_.file().string() + "-wal"), 0U);
}

TEST_F(SqliteLog, AFileOfAnEarlierVersionLearnsToGiveRoomBack) {
  append(3);
  log_.reset();
  {
    auto db = sqlite::Connection::open(folder_.file()).value();
    ASSERT_TRUE(db.execute("PRAGMA auto_vacuum = NONE; VACUUM"));
    ASSERT_EQ(db.single_integer("PRAGMA auto_vacuum").value(), 0);
  }
  open();
  EXPECT_THAT(values_of(poll_records(*subscribe(), 3)), ElementsAre("0", "1", "2"));
  log_.reset();
  EXPECT_EQ(sqlite::Connection::open(folder_.file()).value().single_integer("PRAGMA auto_vacuum").value(), 2);
}

std::vector<std::string> modes_in(const std::filesystem::path& folder) {
  std::vector<std::string> modes;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    struct stat status {};
    EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%o", status.st_mode & 07777);
    modes.push_back(entry.path().filename().string() + " " + mode.data());
  }
  return modes;
}

TEST_F(SqliteLog, ItsFilesAreForTheirOwnerAloneWhateverTheFolderAndTheUmask) {
  log_.reset();
  std::filesystem::remove(folder_.file());
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  const mode_t before = ::umask(0);
  open();
  append(1);
  EXPECT_THAT(modes_in(folder_.path()), testing::UnorderedElementsAre("log.db 600", "log.db-wal 600"));
  log_.reset();
  ASSERT_EQ(::chmod(folder_.file().c_str(), 0664), 0);
  std::ofstream(folder_.file().string() + "-journal");
  open();
  append(1);
  ::umask(before);
  EXPECT_THAT(modes_in(folder_.path()), testing::Each(testing::EndsWith(" 600")));
}

TEST_F(SqliteLog, OffsetsGoOnAfterEverythingWasPruned) {
  append(3);
  consume(3);
  clock_.advance(Milliseconds{10'000});
  prune();
  reopen();
  EXPECT_THAT(subscribe()->poll(10, Milliseconds{0}).value(), IsEmpty());
  const Result<Position> next = append_and_wait(*log_, make_record("k", "v"));
  ASSERT_TRUE(next);
  EXPECT_EQ(next.value().offset, Offset{3});
  EXPECT_THAT(values_of(poll_records(*subscribe(), 1)), ElementsAre("v"));
}

TEST_F(SqliteLog, AFileThatIsOpenIsRefused) {
  const auto second = open_sqlite_log({.file = folder_.file(), .log = {}}, clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_THAT(second.error().detail, HasSubstr("open"));
}

TEST_F(SqliteLog, AFileOpenInAnotherProcessIsRefused) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto second = open_sqlite_log({.file = folder_.file(), .log = {}}, clock_);
    _exit(!second && second.error().detail.find("another process") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteLog, AFileThatIsNoDatabaseIsCorrupt) {
  log_.reset();
  std::filesystem::remove(folder_.file());
  std::ofstream(folder_.file()) << std::string(8192, 'x');
  const auto opened = open_sqlite_log({.file = folder_.file(), .log = {}}, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
}

TEST_F(SqliteLog, ADamagedFileSaysWhichItIs) {
  log_.reset();
  constexpr std::streamoff kPage = 4096;
  std::fstream file(folder_.file(), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(kPage);
  file << std::string(5 * kPage, '\0');
  file.close();
  const auto opened = open_sqlite_log({.file = folder_.file(), .log = {}}, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
  EXPECT_NE(opened.error().detail.find(folder_.file().string()), std::string::npos) << opened.error().detail;
}

// Files cannot grow for as long as this lives, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(const std::filesystem::path& file) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit full = before_;
    const auto wal = std::filesystem::file_size(file.string() + "-wal");
    full.rlim_cur = std::max(wal, std::filesystem::file_size(file));
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SqliteLog, AFullDiskIsUnavailableAndTheLogGoesOnWhenThereIsRoom) {
  append(3);
  {
    const FullDisk full(folder_.file());
    const Result<Position> refused = append_and_wait(*log_, make_record("k", std::string(900'000, 'x')));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(log_->read({"payments", Partition{0}, Offset{2}}).value());
  }
  EXPECT_TRUE(log_->ready({"payments"}));
  const Result<Position> stored = append_and_wait(*log_, make_record("k", "again"));
  ASSERT_TRUE(stored) << stored.error().detail;
  EXPECT_EQ(stored.value().offset, Offset{3});
  EXPECT_THAT(values_of(poll_records(*subscribe(), 4)), ElementsAre("0", "1", "2", "again"));
}

TEST_F(SqliteLog, AFileThatMayNotGrowIsADiskThatIsFull) {
  log_.reset();
  auto db = sqlite::Connection::open(folder_.file()).value();
  EXPECT_TRUE(db.try_room(1 << 20));
  const std::int64_t pages = db.single_integer("PRAGMA page_count").value();
  ASSERT_TRUE(db.execute("PRAGMA max_page_count = " + std::to_string(pages + 10)));
  EXPECT_TRUE(db.try_room(10'000));
  const Status full = db.try_room(1 << 20);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::unavailable);
  EXPECT_THAT(full.error().detail, HasSubstr("disk full: " + folder_.file().string()));
  ASSERT_TRUE(db.execute("PRAGMA max_page_count = " + std::to_string(pages + 1000)));
  EXPECT_TRUE(db.try_room(1 << 20));
}

// A disk of a few megabytes, for as long as this lives. Only the superuser may mount one.
class TinyDisk {
 public:
  TinyDisk() : mounted_(::mount("penstock-test", folder_.path().c_str(), "tmpfs", 0, "size=8m") == 0) {}
  ~TinyDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  bool is_mounted() const { return mounted_; }
  std::filesystem::path file() const { return folder_.file(); }
  std::filesystem::path filler() const { return folder_.path() / "filler"; }
  // Takes all the room that is left but so much.
  void fill(std::uintmax_t but) const {
    const auto room = std::filesystem::space(folder_.path()).available;
    ASSERT_GT(room, but);
    std::ofstream(filler()) << std::string(room - but, 'x');
  }

 private:
  Folder folder_;
  bool mounted_;
};

#define REQUIRE_MOUNTED(disk) \
  if (!(disk).is_mounted()) GTEST_SKIP() << "NOT TESTED: mounting a tmpfs needs the superuser"

TEST(SqliteLogOnATinyDisk, IsNotReadyWhenItIsFullAndSaysWhere) {
  const TinyDisk disk;
  REQUIRE_MOUNTED(disk);
  ManualClock clock;
  const auto log = open_sqlite_log({.file = disk.file(), .log = {}}, clock).value();
  ASSERT_TRUE(log->create_topics({"payments"}));
  ASSERT_TRUE(log->ready({"payments"}));
  disk.fill(500'000);
  const Status full = log->ready({"payments"});
  ASSERT_FALSE(full) << "although nothing was appended yet";
  EXPECT_EQ(full.error().code, ErrorCode::unavailable);
  EXPECT_THAT(full.error().detail, HasSubstr("disk full: " + disk.file().string()));
  std::filesystem::remove(disk.filler());
  EXPECT_TRUE(log->ready({"payments"}));
}

TEST(SqliteLogOnATinyDisk, RefusesWhatDoesNotFitAndLosesNothing) {
  const TinyDisk disk;
  REQUIRE_MOUNTED(disk);
  ManualClock clock;
  const auto log = open_sqlite_log({.file = disk.file(), .log = {}}, clock).value();
  ASSERT_TRUE(log->create_topics({"payments"}));
  disk.fill(2'000'000);
  std::vector<Position> stored;
  Result<Position> last = append_and_wait(*log, make_record("k", std::string(100'000, 'x')));
  for (; last; last = append_and_wait(*log, make_record("k", std::string(100'000, 'x'))))
    stored.push_back(last.value());
  EXPECT_EQ(last.error().code, ErrorCode::unavailable);
  EXPECT_THAT(last.error().detail, HasSubstr("disk full: " + disk.file().string()));
  EXPECT_FALSE(log->ready({"payments"}));
  std::filesystem::remove(disk.filler());
  EXPECT_TRUE(log->ready({"payments"}));
  const Result<Position> again = append_and_wait(*log, make_record("k", "again"));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again.value().offset.value, static_cast<std::int64_t>(stored.size()));
  for (const Position& position : stored) EXPECT_TRUE(log->read(position).value());
}

}  // namespace
}  // namespace penstock
