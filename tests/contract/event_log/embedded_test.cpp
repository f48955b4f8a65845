// The logs of one process: the suite on both storages, and what is theirs alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/sqlite/event_log.h"
#include "common/adapters/system_clock/system_clock.h"
#include "tests/contract/event_log/contract.h"
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

class MemoryHarness final : public LogHarness {
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

 private:
  std::filesystem::path path_;
};

class SqliteHarness final : public LogHarness {
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

INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract,
                         testing::Values(LogAdapter{"Memory", make_memory},
                                         LogAdapter{"MemoryWithFourPartitions", make_partitioned_memory},
                                         LogAdapter{"Sqlite", make_sqlite}),
                         adapter_name);

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
  storage().fail_next_write({ErrorCode::timeout, Retry::unknown_outcome, "told to"});
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
  EXPECT_EQ(failed.error().retry, Retry::unknown_outcome);
  const Status ready = log().ready({"payments"});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, ErrorCode::unavailable);
  storage().set_available(true);
  EXPECT_TRUE(log().ready({"payments"}));
  EXPECT_TRUE(append_and_wait(log(), make_record("k", "v")));
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
    auto opened = open_sqlite_log({.file = folder_.file(), .log = {}}, clock_);
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
  void consume(std::size_t count) {
    const auto consumer = subscribe();
    ASSERT_TRUE(consumer->commit(positions_of(poll_records(*consumer, count))));
  }

  ManualClock clock_;
  Folder folder_;
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
  ASSERT_TRUE(log_->prune(clock_.now()));
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
  ASSERT_TRUE(log_->prune(clock_.now()));
  EXPECT_TRUE(log_->read({"payments", Partition{0}, Offset{0}}).value());
  EXPECT_TRUE(log_->read({"parked", Partition{0}, Offset{0}}).value());
}

TEST_F(SqliteLog, OffsetsGoOnAfterEverythingWasPruned) {
  append(3);
  consume(3);
  clock_.advance(Milliseconds{10'000});
  ASSERT_TRUE(log_->prune(clock_.now()));
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

}  // namespace
}  // namespace penstock
