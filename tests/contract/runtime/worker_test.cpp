// The worker against the in-memory log and a real SQLite store that fails on demand.
#include "workers/runtime/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/sqlite/store.h"
#include "common/adapters/system_clock/system_clock.h"
#include "tests/fakes/faulty_store.h"
#include "workers/domain/state/event_rows.h"
#include "workers/domain/state/payment_rows.h"
#include "workers/runtime/dead_letters.h"
#include "workers/runtime/incoming.h"
#include "workers/sources/stripe/stripe.h"

namespace penstock {
namespace {

using testing::CommitFault;
using testing::FaultyStore;

// A seen set that remembers, and can be away.
class MapSeenSet final : public SeenSet {
 public:
  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override {
    if (away) return Error{ErrorCode::unavailable, "away"};
    keys_asked += static_cast<int>(keys.size());
    std::vector<std::optional<Position>> answer;
    for (const auto& key : keys) {
      const auto known = events_.find(key.value);
      answer.push_back(known == events_.end() ? std::nullopt : std::optional(known->second));
    }
    return answer;
  }
  Status mark(std::span<const SeenEvent> events) override {
    if (away) return Error{ErrorCode::unavailable, "away"};
    for (const auto& event : events) events_.insert_or_assign(event.key.value, event.position);
    return ok();
  }
  std::optional<Position> position_of(const std::string& event) const {
    const auto known = events_.find("stripe:" + event);
    return known == events_.end() ? std::nullopt : std::optional(known->second);
  }
  std::atomic<bool> away = false;
  std::atomic<int> keys_asked = 0;

 private:
  std::map<std::string, Position> events_;
};

std::string deposit_body(const std::string& event, const std::string& session, const std::string& user,
                         int amount) {
  return R"({"id":")" + event + R"(","object":"event","created":1753463561,"livemode":false,)" +
         R"("type":"checkout.session.completed","data":{"object":{"id":")" + session +
         R"(","object":"checkout.session","amount_total":)" + std::to_string(amount) +
         R"(,"currency":"usd","client_reference_id":")" + user +
         R"(","customer":null,"livemode":false,"metadata":{"type":"wallet_deposit"},"mode":"payment",)" +
         R"("payment_intent":null,"payment_status":"paid","status":"complete"}}})";
}

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    EXPECT_TRUE(log_.log->create_topics({"payments", "unrouted", "parked"}));
    open_store();
    EXPECT_TRUE(real_store_->migrate());
    options_.pool = "payments";
    options_.group = "penstock.payments";
    options_.poll_wait = Milliseconds{20};
    options_.retry_delay_min = Milliseconds{1};
    options_.retry_delay_max = Milliseconds{20};
    options_.park_deadline = Milliseconds{200};
    options_.log_address = "memory";
    options_.store_address = "sqlite at state.db";
  }
  ~WorkerTest() override {
    stop();
    store_.reset();
    real_store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open_store() {
    auto opened = open_sqlite_store({.file = folder_ / "state.db"});
    ASSERT_TRUE(opened) << opened.error().detail;
    real_store_ = std::move(opened).value();
    store_ = std::make_unique<FaultyStore>(*real_store_);
  }

  static std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write_file(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

  static std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "penstock-worker-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }

  void append(const std::string& id, std::string body, const std::string& topic = "payments") {
    std::atomic<bool> done{false};
    Record record{topic, id, std::move(body), {{"ce_id", id}, {"ce_type", "t"}, {"ce_source", "stripe"}}};
    ASSERT_TRUE(
        log_.log->append(std::move(record), [&](const Result<Position>& at) { done = at.has_value(); }));
    ASSERT_TRUE(log_.log->flush(Milliseconds{5000}));
    ASSERT_TRUE(done);
  }
  void append_deposit(const std::string& event, const std::string& user, int amount = 10) {
    append(event, deposit_body(event, "cs_" + event, user, amount));
  }

  void start() {
    thread_ = std::jthread([this](std::stop_token stop) {
      const WorkerPorts ports{*log_.log, seen_set_, *store_, clock_, sources_, health_};
      EXPECT_TRUE(run_worker(options_, ports, policy_, metrics_, std::move(stop)));
    });
  }
  void stop() {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();
    }
  }

  template <class Condition>
  void wait_until(const char* what, Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what;
      std::this_thread::yield();
    }
  }

  std::optional<InboxRow> inbox(const std::string& event) {
    const std::vector<std::string> keys{"stripe:" + event};
    const auto rows = real_store_->read(table_of<InboxRow>(), keys);
    EXPECT_TRUE(rows);
    if (!rows || rows.value().empty()) return std::nullopt;
    return from_cells<InboxRow>(rows.value()[0].cells);
  }
  void wait_for_outcome(const std::string& event) {
    wait_until(event.c_str(), [&] { return inbox(event).has_value(); });
  }
  std::int64_t balance(const std::string& user) {
    const std::vector<std::string> keys{wallet_id(false, "usd", user)};
    const auto rows = real_store_->read(table_of<Wallet>(), keys);
    EXPECT_TRUE(rows);
    if (!rows || rows.value().empty()) return 0;
    return from_cells<Wallet>(rows.value()[0].cells)->balance.value;
  }
  Offset committed() {
    const auto progress = log_.log->progress(options_.group, "payments");
    EXPECT_TRUE(progress);
    return progress.value().partitions.at(0).committed;
  }
  std::int64_t parked_records() {
    const auto progress = log_.log->progress("nobody", "parked");
    EXPECT_TRUE(progress);
    return progress.value().partitions.at(0).end.value;
  }

  const std::filesystem::path folder_ = make_folder();
  SystemClock clock_;
  MemoryEventLog log_ = open_memory_log({}, clock_);
  std::unique_ptr<StoreAdapter> real_store_;
  std::unique_ptr<FaultyStore> store_;
  MapSeenSet seen_set_;
  WorkerOptions options_;
  const Sources sources_{{stripe_source(StripeMode::both)}};
  Policy policy_;
  Metrics registry_;
  WorkerMetrics metrics_{registry_};
  PoolHealth health_{"payments", clock_, Milliseconds{15'000}};
  std::jthread thread_;
};

TEST_F(WorkerTest, AppliesAndThenCommitsTheOffset) {
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 1; });
  EXPECT_EQ(balance("u"), 10);
  EXPECT_EQ(inbox("evt_1")->outcome, Outcome::applied);
  EXPECT_EQ(inbox("evt_1")->entity, "cs_evt_1");
}

TEST_F(WorkerTest, OneIdTwiceInABatchAndAgainLaterIsOneEffect) {
  append_deposit("evt_1", "u", 10);
  append_deposit("evt_1", "u", 10);
  append("evt_1", deposit_body("evt_1", "cs_other", "u", 99));
  start();
  wait_until("offset", [&] { return committed().value == 3; });
  append("evt_1", deposit_body("evt_1", "cs_third", "u", 99));
  wait_until("offset", [&] { return committed().value == 4; });
  EXPECT_EQ(balance("u"), 10);
}

// The second event names the customer alone, whose user only the first one tells: the wallet is not among the rows that
// the batch was loaded with.
TEST_F(WorkerTest, AnEventMeetsTheRowsThatAnEarlierOneOfItsBatchLinkedToIt) {
  const auto with = [](std::string body, const std::string& what, const std::string& instead) {
    return body.replace(body.find(what), what.size(), instead);
  };
  const std::string linked = R"("customer":"cus_1")", no_customer = R"("customer":null)";
  append("evt_1", with(with(deposit_body("evt_1", "cs_1", "u", 10), no_customer, linked),
                       R"({"type":"wallet_deposit"})", "{}"));
  append("evt_2", with(with(deposit_body("evt_2", "cs_2", "u", 20), no_customer, linked),
                       R"("client_reference_id":"u")", R"("client_reference_id":null)"));
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(balance("u"), 20);
}

TEST_F(WorkerTest, WithoutTheSeenSetTheInboxFindsTheDuplicates) {
  seen_set_.away = true;
  append_deposit("evt_1", "u", 10);
  start();
  wait_for_outcome("evt_1");
  append_deposit("evt_1", "u", 10);
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(balance("u"), 10);
}

// Whether the changes hold a row of that key.
template <class R>
FaultyStore::Predicate writes(const std::string& key) {
  return [key](std::span<const TableRows> changes) {
    for (const auto& rows : changes)
      if (rows.table == &table_of<R>())
        for (const auto& row : rows.rows)
          if (std::get<std::string>(row.cells[0]) == key) return true;
    return false;
  };
}

std::size_t events_in(std::span<const TableRows> changes) {
  for (const auto& rows : changes)
    if (rows.table == &table_of<InboxRow>()) return rows.rows.size();
  return 0;
}

TEST_F(WorkerTest, AnEventTheStoreCannotHoldIsIsolatedAndParked) {
  store_->fail_commits({ErrorCode::invalid, "a row cannot be stored"},
                       writes<CheckoutSession>("test:cs_evt_5"));
  for (int i = 0; i < 11; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("offset", [&] { return committed().value == 11; });
  EXPECT_EQ(balance("u"), 10);
  const auto parked = inbox("evt_5");
  ASSERT_TRUE(parked);
  EXPECT_EQ(parked->outcome, Outcome::parked);
  EXPECT_EQ(parked->error_class, "store_rejected");
  EXPECT_EQ(parked->attempts, 2);
  EXPECT_EQ(parked_records(), 1);
  EXPECT_EQ(inbox("evt_4")->outcome, Outcome::applied);
}

class TroubleOfTheStore : public WorkerTest, public ::testing::WithParamInterface<ErrorCode> {};

INSTANTIATE_TEST_SUITE_P(Codes, TroubleOfTheStore,
                         ::testing::Values(ErrorCode::corrupt, ErrorCode::internal, ErrorCode::wrong_schema,
                                           ErrorCode::unavailable, ErrorCode::overloaded,
                                           ErrorCode::not_found, ErrorCode::fenced, ErrorCode::timeout),
                         [](const auto& code) { return std::string(to_string(code.param)); });

TEST_P(TroubleOfTheStore, IsWaitedForAndParksNothing) {
  store_->fail_commits({GetParam(), "not now"});
  for (int i = 0; i < 8; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("tries", [&] { return store_->refusals() >= 12; });
  EXPECT_EQ(committed().value, 0);
  EXPECT_EQ(parked_records(), 0);
  EXPECT_FALSE(inbox("evt_0"));
  EXPECT_EQ(health_.status().state, PoolActivity::backing_off);
  EXPECT_THAT(health_.status().error, ::testing::HasSubstr("not now (sqlite at state.db)"));
  store_->mend();
  wait_until("offset", [&] { return committed().value == 8; });
  EXPECT_EQ(balance("u"), 8);
  EXPECT_EQ(parked_records(), 0);
}

TEST_F(WorkerTest, AStoreThatRefusesEveryRowParksNothing) {
  store_->fail_commits({ErrorCode::invalid, "the database takes no more commands"});
  for (int i = 0; i < 4; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("tries", [&] { return store_->refusals() >= 12; });
  EXPECT_EQ(committed().value, 0);
  EXPECT_EQ(health_.status().state, PoolActivity::backing_off);
  store_->mend();
  wait_until("offset", [&] { return committed().value == 4; });
  EXPECT_EQ(balance("u"), 4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(inbox("evt_" + std::to_string(i))->outcome, Outcome::applied) << i;
}

TEST_F(WorkerTest, AStoreInWhichEveryEventConflictsParksNothing) {
  store_->fail_commits({ErrorCode::conflict, "no partition of relation found for row"});
  for (int i = 0; i < 2; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("tries", [&] { return store_->refusals() >= 70; });
  EXPECT_EQ(committed().value, 0);
  store_->mend();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(balance("u"), 2);
}

TEST_F(WorkerTest, AParkingThatFailsIsTriedAgainAndNeverDone) {
  store_->fail_commits({ErrorCode::invalid, "a row cannot be stored"}, writes<InboxRow>("stripe:a"));
  append("a", "not json");
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("tries", [&] { return store_->refusals() >= 8; });
  EXPECT_EQ(committed().value, 0);
  EXPECT_FALSE(inbox("a"));
  store_->mend();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(inbox("a")->outcome, Outcome::parked);
  EXPECT_EQ(balance("u"), 10);
}

TEST_F(WorkerTest, ADeadLetterThatTheLogRefusesSaysNothingAboutTheEvent) {
  Incoming incoming = identify({{"payments", Partition{0}, Offset{0}}, {}, "k", "not json", {}});
  read_body(incoming, sources_);
  log_.storage->fail_next_write({ErrorCode::invalid, "larger than the topic takes"});
  const auto appended = append_dead_letters(*log_.log, {&incoming}, Milliseconds{200});
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, ErrorCode::unavailable) << "and not invalid, which would park it";
  EXPECT_FALSE(incoming.dead_letter_durable);
}

TEST_F(WorkerTest, ABatchThatOnlyTimesOutIsHalvedDownToOne) {
  store_->fail_commits({ErrorCode::timeout, "too slow"},
                       [](std::span<const TableRows> changes) { return events_in(changes) > 1; });
  for (int i = 0; i < 7; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("offset", [&] { return committed().value == 7; });
  EXPECT_EQ(balance("u"), 7);
  EXPECT_EQ(store_->commits(), 7);
}

TEST_F(WorkerTest, ABatchThatEndsItsConnectionAgainAndAgainIsHalvedToo) {
  store_->fail_commits({ErrorCode::unavailable, "connection lost in COMMIT"},
                       [](std::span<const TableRows> changes) { return events_in(changes) > 2; });
  for (int i = 0; i < 8; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("offset", [&] { return committed().value == 8; });
  EXPECT_EQ(balance("u"), 8);
  EXPECT_EQ(store_->commits(), 4);
}

TEST_F(WorkerTest, AnEventThatConflictsForEverIsParkedWithAnAlertAndTheRestGoesOn) {
  store_->fail_commits({ErrorCode::conflict, "unique violation"}, writes<CheckoutSession>("test:cs_evt_5"));
  for (int i = 0; i < 11; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("offset", [&] { return committed().value == 11; });
  EXPECT_EQ(balance("u"), 10);
  EXPECT_EQ(inbox("evt_5")->outcome, Outcome::parked);
  EXPECT_EQ(inbox("evt_5")->error_class, "conflict");
  EXPECT_EQ(inbox("evt_5")->message, "unique violation");
  EXPECT_EQ(parked_records(), 1);
  const std::vector<std::string> alert{"event_parked:stripe:evt_5"};
  EXPECT_EQ(real_store_->read(table_of<Alert>(), alert).value().size(), 1U);
}

TEST_F(WorkerTest, AConflictThatEndsWithinTwentyTriesParksNothing) {
  for (int i = 0; i < 19; ++i)
    store_->fail_next_commit(CommitFault::refused, {ErrorCode::conflict, "lost the race"});
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 1; });
  EXPECT_EQ(inbox("evt_1")->outcome, Outcome::applied);
}

TEST_F(WorkerTest, AConflictIsTriedAgainFromTheStart) {
  store_->fail_next_commit(CommitFault::refused, {ErrorCode::conflict, "lost the race"});
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 1; });
  EXPECT_EQ(balance("u"), 10);
}

TEST_F(WorkerTest, ACommitWhoseAnswerIsLostHappensOnce) {
  store_->fail_next_commit(CommitFault::answer_lost, {ErrorCode::unavailable, "connection lost in COMMIT"});
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 1; });
  EXPECT_EQ(balance("u"), 10);
  EXPECT_EQ(store_->commits(), 2);
}

TEST_F(WorkerTest, AStoreThatIsAwayHoldsTheOffsetUntilItIsBack) {
  store_->set_available(false);
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("retries", [&] {
    return registry_.exposition().find("penstock_worker_retries_total{code=\"unavailable\"") !=
           std::string::npos;
  });
  EXPECT_EQ(committed().value, 0);
  store_->set_available(true);
  wait_until("offset", [&] { return committed().value == 1; });
  EXPECT_EQ(balance("u"), 10);
}

TEST_F(WorkerTest, StoppingWhileTheStoreIsAwayLosesNothing) {
  store_->set_available(false);
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("retries", [&] { return registry_.exposition().find("retries_total{") != std::string::npos; });
  stop();
  EXPECT_EQ(committed().value, 0);
  store_->set_available(true);
  start();
  wait_until("offset", [&] { return committed().value == 1; });
  EXPECT_EQ(balance("u"), 10);
}

TEST_F(WorkerTest, TheNextBatchIsReadWhileOneIsApplied) {
  options_.batch_events_max = 1;
  for (int i = 0; i < 3; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  store_->hold_commits();
  start();
  wait_until("one is applied, the next is read",
             [&] { return store_->commits_held() == 1 && seen_set_.keys_asked == 2; });
  EXPECT_EQ(committed().value, 0);
  store_->let_commits_go();
  wait_until("offset", [&] { return committed().value == 3; });
  EXPECT_EQ(balance("u"), 3);
}

// A log whose consumers another one can supersede.
class LogWithSuccessor final : public EventLog {
 public:
  explicit LogWithSuccessor(EventLog& log) : log_(log) {}
  void supersede() { superseded_ = true; }

  Status append(Record record, AppendDone done) override {
    return log_.append(std::move(record), std::move(done));
  }
  Status flush(Milliseconds deadline) override { return log_.flush(deadline); }
  Status ready(const std::vector<std::string>& topics) override { return log_.ready(topics); }
  Result<std::unique_ptr<EventConsumer>> subscribe(std::string group,
                                                   std::vector<std::string> topics) override {
    TRY(auto consumer, log_.subscribe(std::move(group), std::move(topics)));
    return std::unique_ptr<EventConsumer>(std::make_unique<Consumer>(*this, std::move(consumer)));
  }
  Result<std::optional<StoredRecord>> read(const Position& at) override { return log_.read(at); }
  Result<GroupProgress> progress(const std::string& group, const std::string& topic) override {
    return log_.progress(group, topic);
  }
  Result<std::unique_ptr<LogScan>> scan(const ScanRange& range) override { return log_.scan(range); }
  Result<std::unique_ptr<LogTail>> tail(const std::string& topic) override { return log_.tail(topic); }
  Status create_topics(const std::vector<std::string>& topics) override { return log_.create_topics(topics); }
  Result<bool> prune(Timestamp older_than, const StillParked& parked) override {
    return log_.prune(older_than, parked);
  }

 private:
  class Consumer final : public EventConsumer {
   public:
    Consumer(LogWithSuccessor& log, std::unique_ptr<EventConsumer> consumer)
        : log_(log), consumer_(std::move(consumer)) {}
    Result<std::vector<StoredRecord>> poll(std::size_t records_max, Milliseconds wait) override {
      if (log_.superseded_) return Error{ErrorCode::fenced, "superseded"};
      return consumer_->poll(records_max, wait);
    }
    Status commit(std::span<const Position> last_done) override { return consumer_->commit(last_done); }
    Status annotate(std::span<const Position> next, std::string_view note) override {
      return consumer_->annotate(next, note);
    }
    void pause() override { consumer_->pause(); }
    void resume() override { consumer_->resume(); }
    std::uint64_t generation() const noexcept override { return consumer_->generation(); }

   private:
    LogWithSuccessor& log_;
    std::unique_ptr<EventConsumer> consumer_;
  };

  EventLog& log_;
  std::atomic<bool> superseded_{false};
};

TEST_F(WorkerTest, OneThatIsSupersededWhileItsStoreIsAwayEndsAllTheSame) {
  LogWithSuccessor log(*log_.log);
  append_deposit("evt_1", "u", 10);
  store_->fail_commits({ErrorCode::unavailable, "not now"});
  std::promise<Status> ended;
  thread_ = std::jthread([&](std::stop_token stop) {
    const WorkerPorts ports{log, seen_set_, *store_, clock_, sources_, health_};
    ended.set_value(run_worker(options_, ports, policy_, metrics_, std::move(stop)));
  });
  wait_until("tries", [&] { return store_->refusals() >= 3; });
  log.supersede();
  auto answer = ended.get_future();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds{20}), std::future_status::ready);
  const Status status = answer.get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::fenced);
}

TEST_F(WorkerTest, ABatchThatFailsKeepsTheNextOneWaiting) {
  options_.batch_events_max = 1;
  append_deposit("evt_1", "u", 1);
  append_deposit("evt_2", "v", 1);
  store_->fail_commits({ErrorCode::unavailable, "not now"}, writes<CheckoutSession>("test:cs_evt_1"));
  start();
  wait_until("several tries", [&] { return store_->refusals() >= 5 && seen_set_.keys_asked == 2; });
  EXPECT_EQ(store_->commits(), 0);
  EXPECT_EQ(health_.status().events, 1U);
  store_->mend();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(balance("u"), 1);
  EXPECT_EQ(balance("v"), 1);
}

TEST_F(WorkerTest, WhatIsNoEventIsParkedWithItsReasonAndTheRestGoesOn) {
  append("a", "not json");
  append("b", std::string(10'000, '['));
  append("c", R"({"id":"c","object":"event","type":"t","created":1,"created":2})");
  append("d", R"({"id":"other","object":"event","type":"t","created":1,"data":{"object":{}}})");
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 5; });
  EXPECT_EQ(inbox("a")->reason, "not_json");
  EXPECT_EQ(inbox("b")->reason, "too_deep");
  EXPECT_EQ(inbox("c")->reason, "duplicate_key");
  EXPECT_EQ(inbox("d")->reason, "wrong_shape");
  EXPECT_EQ(parked_records(), 4);
  EXPECT_EQ(balance("u"), 10);
}

TEST_F(WorkerTest, WhatIsParkedIsSaidOnceHoweverOftenItComes) {
  ::testing::internal::CaptureStderr();
  append("a", "not json");
  append("a", "not json");
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  append("a", "not json");
  wait_until("offset", [&] { return committed().value == 3; });
  stop();
  const std::string said = ::testing::internal::GetCapturedStderr();
  const auto first = said.find("event parked");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(said.find("event parked", first + 1), std::string::npos) << said;
}

TEST_F(WorkerTest, NothingIsCalledParkedBeforeItsDeadLetterIsDurable) {
  append("a", "not json");
  log_.storage->fail_next_write({ErrorCode::unavailable, "disk full"});
  start();
  wait_for_outcome("a");
  EXPECT_EQ(parked_records(), 1) << "the first dead letter failed, the second stands";
}

TEST_F(WorkerTest, TypesNobodyHandlesAreRecordedAndIgnored) {
  options_.pool = "unrouted";
  options_.group = "penstock.unrouted";
  append("evt_9",
         R"({"id":"evt_9","object":"event","type":"x.y","created":1,"data":{"object":{"id":"x_1"}}})",
         "unrouted");
  append("evt_t", R"({"id":"evt_t","object":"v2.core.event","type":"v2.x","created":"2025-01-01T00:00:00Z"})",
         "unrouted");
  start();
  wait_for_outcome("evt_t");
  EXPECT_EQ(inbox("evt_9")->outcome, Outcome::ignored);
  EXPECT_EQ(inbox("evt_9")->reason, "no_handler");
  EXPECT_EQ(inbox("evt_t")->outcome, Outcome::ignored);
  EXPECT_EQ(inbox("evt_t")->reason, "thin_event");
}

TEST_F(WorkerTest, WhatTheSeenSetKnowsAndTheInboxDoesNotIsApplied) {
  const std::vector<SeenEvent> marked = {
      {make_event_key("stripe", "evt_1"), {"payments", Partition{0}, Offset{900}}},
      {make_event_key("stripe", "evt_2"), {"payments", Partition{0}, Offset{1}}}};
  ASSERT_TRUE(seen_set_.mark(marked));
  append_deposit("evt_1", "u", 10);
  append_deposit("evt_2", "u", 5);
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(balance("u"), 15) << "as after the restore of a backup";
}

TEST_F(WorkerTest, AnEventIsMarkedWithTheRecordThatAppliedIt) {
  append_deposit("evt_1", "u", 10);
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  append_deposit("evt_1", "u", 10);
  wait_until("offset", [&] { return committed().value == 3; });
  stop();
  const Position first{"payments", Partition{0}, Offset{0}};
  EXPECT_EQ(seen_set_.position_of("evt_1"), first);
}

TEST_F(WorkerTest, DeliveriesOfAnEventAreCounted) {
  append_deposit("evt_1", "u", 10);
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(inbox("evt_1")->deliveries, 2);
  append("evt_1", "what a redelivery says is not looked at");
  wait_until("offset", [&] { return committed().value == 3; });
  EXPECT_EQ(inbox("evt_1")->deliveries, 3);
  seen_set_.away = true;
  append_deposit("evt_1", "u", 10);
  wait_until("offset", [&] { return committed().value == 4; });
  EXPECT_EQ(inbox("evt_1")->deliveries, 4);
  EXPECT_EQ(inbox("evt_1")->offset, 0);
  EXPECT_EQ(balance("u"), 10);
}

TEST_F(WorkerTest, ARecordThatIsReadAgainIsNoOtherDelivery) {
  append_deposit("evt_1", "u", 10);
  append_deposit("evt_1", "u", 10);
  store_->fail_next_commit(CommitFault::answer_lost, {ErrorCode::unavailable, "connection lost in COMMIT"});
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(store_->commits(), 2);
  EXPECT_EQ(inbox("evt_1")->deliveries, 2);
}

TEST_F(WorkerTest, HeadersThatNoStoreCouldHoldAreParkedAndBlockNothing) {
  Record record{
      "payments",
      "k",
      "no json",
      {{"ce_id", std::string(100'000, 'x')}, {"ce_type", "\xff\xfe"}, {"ce_source", std::string(1, '\0')}}};
  ASSERT_TRUE(log_.log->append(std::move(record), [](const Result<Position>&) {}));
  append_deposit("evt_1", "u", 10);
  start();
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(balance("u"), 10);
  EXPECT_EQ(parked_records(), 1);
}

TEST_F(WorkerTest, AnEntityThatNoIndexCouldHoldIsLeftOut) {
  const std::string id(100'000, 'x');
  append("evt_1", R"({"id":"evt_1","object":"event","type":"x","created":1,"data":{"object":{"id":")" + id +
                      R"("}}})");
  start();
  wait_for_outcome("evt_1");
  EXPECT_FALSE(inbox("evt_1")->entity);
}

TEST_F(WorkerTest, ARecordThatTheLogCannotReadIsSaidOnceAndWaitedFor) {
  log_.storage->damage(Position{"payments", Partition{0}, Offset{1}});
  for (int i = 0; i < 3; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  ::testing::internal::CaptureStderr();
  start();
  wait_until("offset", [&] { return committed().value == 1; });
  log_.storage->damage(Position{"payments", Partition{0}, Offset{2}});
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_FALSE(inbox("evt_2"));
  log_.storage->damage(std::nullopt);
  wait_until("offset", [&] { return committed().value == 3; });
  stop();
  EXPECT_EQ(balance("u"), 3);
  EXPECT_EQ(parked_records(), 0);
  const std::string logged = ::testing::internal::GetCapturedStderr();
  for (const std::string place : {"payments/0/1", "payments/0/2"}) {
    const auto said = logged.find(place + " was told to be damaged");
    EXPECT_NE(said, std::string::npos) << logged;
    EXPECT_EQ(logged.find(place, said + 1), std::string::npos) << logged;
  }
  EXPECT_EQ(logged.find("log unavailable"), std::string::npos) << logged;
}

// One damaged page in the middle of the state file, as a disk leaves it behind.
TEST_F(WorkerTest, ADamagedPageLosesNothing) {
  append_deposit("evt_first", "u", 10);
  start();
  wait_for_outcome("evt_first");
  stop();
  store_.reset();
  real_store_.reset();
  const auto file = folder_ / "state.db";
  std::string bytes = read_file(file);
  const std::string good = bytes;
  constexpr std::size_t kPage = 4096;
  const auto at = bytes.find("stripe:evt_firstt") / kPage * kPage;  // the inbox's row: its key, then its type
  ASSERT_NE(at, 0U);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), kPage, '\x5a');
  write_file(file, bytes);

  open_store();
  for (int i = 0; i < 20; ++i) append_deposit("evt_" + std::to_string(i), "u", 1);
  start();
  wait_until("tries", [&] { return health_.status().attempts >= 5; });
  EXPECT_EQ(committed().value, 1);
  EXPECT_EQ(parked_records(), 0);
  EXPECT_THAT(health_.status().error, ::testing::HasSubstr("corrupt"));
  stop();

  store_.reset();
  real_store_.reset();
  write_file(file, good);
  open_store();
  start();
  wait_until("offset", [&] { return committed().value == 21; });
  EXPECT_EQ(balance("u"), 30);
  EXPECT_EQ(parked_records(), 0);
}

// A word that only a later version knows, say.
TEST_F(WorkerTest, ARowThatCannotBeReadIsNamedAndWaitedFor) {
  append_deposit("evt_1", "u", 10);
  start();
  wait_for_outcome("evt_1");
  stop();
  const Table& inbox_table = table_of<InboxRow>();
  const auto column = std::find_if(inbox_table.columns.begin(), inbox_table.columns.end(),
                                   [](const Column& each) { return each.name == "outcome"; });
  const auto write_outcome = [&](const std::string& word) {
    auto batch = real_store_->begin();
    const std::vector<TableKeys> keys{{&inbox_table, {"stripe:evt_1"}}};
    auto loaded = batch.value()->load(keys);
    ASSERT_TRUE(loaded);
    loaded.value().at(0).rows.at(0).cells.at(column - inbox_table.columns.begin()) = word;
    ASSERT_TRUE(batch.value()->commit(loaded.value()));
  };
  write_outcome("taken_back");

  append_deposit("evt_1", "u", 10);
  start();
  wait_until("tries", [&] { return health_.status().attempts >= 3; });
  EXPECT_THAT(health_.status().error, ::testing::HasSubstr("row stripe:evt_1 of table inbox cannot be read"));
  EXPECT_EQ(committed().value, 1);
  EXPECT_EQ(parked_records(), 0);

  write_outcome("applied");
  wait_until("offset", [&] { return committed().value == 2; });
  EXPECT_EQ(inbox("evt_1")->deliveries, 2);
}

}  // namespace
}  // namespace penstock
