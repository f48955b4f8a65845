// What only a server with several connections can show.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <random>
#include <thread>

#include "common/adapters/postgres/connection.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {
namespace {

using std::chrono::days;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class PostgresStore : public testing::Test {
 protected:
  void SetUp() override {
    store_ = harness_.open();
    ASSERT_TRUE(store_->migrate());
    for (const Table* table : {&items_table(), &notes_table(), &facts_table()}) harness_.create_table(*table);
  }

  std::unique_ptr<StoreBatch> begin() { return std::move(store_->begin()).value(); }

  // Ends the server's side of all connections of the stores, and waits until they are gone.
  void terminate_connections() {
    const std::string ours =
        " FROM pg_stat_activity WHERE application_name = '" + harness_.application() + "'";
    harness_.query("SELECT pg_terminate_backend(pid)" + ours);
    wait_until("SELECT count(*) = 0" + ours);
  }

  // Until the query answers true; fails after 10 s.
  void wait_until(const std::string& sql) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (harness_.query(sql) != std::vector<std::string>{"t"})
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << sql;
  }

  void wait_for_blocked_store() {
    wait_until(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = '" +
        harness_.application() + "'");
  }

  PostgresHarness harness_;
  std::unique_ptr<StoreAdapter> store_;
};

const std::vector<TableKeys> kItemA = {{&items_table(), {"a"}}};

TEST_F(PostgresStore, LoadedRowsStayLockedUntilTheBatchEnds) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  auto options = harness_.options();
  options.lock_timeout = Milliseconds{100};
  const auto impatient = harness_.open(options);

  auto holder = begin();
  ASSERT_TRUE(holder->load(kItemA));
  const auto blocked = std::move(impatient->begin()).value()->load(kItemA);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, ErrorCode::timeout)
      << "who holds a row for long says nothing about the event";

  holder.reset();
  EXPECT_TRUE(std::move(impatient->begin()).value()->load(kItemA));
}

// The server raises what a damaged index, a missing right or an operator's trigger would.
TEST_F(PostgresStore, LockedRowsAreLeftOutWhereOnlyFreeOnesAreWanted) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1), make_item("b", 2)}}}));
  auto holder = begin();
  ASSERT_TRUE(holder->load(kItemA));
  const std::vector<TableKeys> wanted = {{&items_table(), {"a", "b"}, true}};
  const auto other = begin();
  const auto free = other->load(wanted);
  ASSERT_TRUE(free) << free.error().detail;
  ASSERT_THAT(free.value()[0].rows, SizeIs(1));
  EXPECT_EQ(amount_of(free.value()[0].rows[0]), 2);
  holder.reset();
  EXPECT_THAT(begin()->load(wanted).value()[0].rows, SizeIs(1)) << "the other has b";
}

TEST_F(PostgresStore, RowsOfASharedTableAreLockedByNobodyAndStillGuarded) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  Table shared = items_table();
  shared.shared = true;
  const std::vector<TableKeys> wanted = {{&shared, {"a"}}};
  const auto one = begin(), other = begin();
  const auto known_to_one = one->load(wanted), known_to_other = other->load(wanted);
  ASSERT_TRUE(known_to_one && known_to_other);
  const std::vector<TableRows> of_one = {{&shared, known_to_one.value().at(0).rows}};
  const std::vector<TableRows> of_other = {{&shared, known_to_other.value().at(0).rows}};
  ASSERT_TRUE(one->commit(of_one));
  const auto late = other->commit(of_other);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::conflict);
}

TEST_F(PostgresStore, OnlyWhatFollowsFromARowsOwnValuesIsInvalid) {
  const std::pair<const char*, ErrorCode> raised[] = {
      {"XX001", ErrorCode::corrupt},      {"XX002", ErrorCode::corrupt},
      {"XX000", ErrorCode::internal},     {"53100", ErrorCode::unavailable},
      {"53300", ErrorCode::unavailable},  {"42501", ErrorCode::unavailable},
      {"42P01", ErrorCode::wrong_schema}, {"25006", ErrorCode::unavailable},
      {"P0001", ErrorCode::internal},     {"23503", ErrorCode::internal},
      {"55P03", ErrorCode::timeout},      {"23505", ErrorCode::conflict},
      {"23514", ErrorCode::invalid},      {"22003", ErrorCode::invalid},
      {"ZZ999", ErrorCode::internal}};
  for (const auto& [state, code] : raised) {
    harness_.query(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '" +
        std::string(state) + "', CONSTRAINT = 'c'; END $$");
    harness_.query(
        "CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION fail()");
    const auto status = commit(*store_, {{&items_table(), {make_item("a", 1)}}});
    ASSERT_FALSE(status) << state;
    EXPECT_EQ(status.error().code, code) << state;
  }
}

TEST_F(PostgresStore, OfTwoBatchesThatAddOneKeyOneWins) {
  auto first = begin(), second = begin();
  ASSERT_THAT(first->load(kItemA).value()[0].rows, IsEmpty());
  ASSERT_THAT(second->load(kItemA).value()[0].rows, IsEmpty());
  const std::vector<TableRows> changes = {{&items_table(), {make_item("a", 1)}}};
  ASSERT_TRUE(first->commit(changes));
  const auto status = second->commit(changes);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::conflict);
}

TEST_F(PostgresStore, ASecondBatchSeesWhatTheFirstCommittedWhileItWaited) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  auto first = begin();
  ASSERT_TRUE(first->load(kItemA));
  auto waiting = std::async(std::launch::async, [&] { return begin()->load(kItemA); });
  wait_for_blocked_store();
  ASSERT_TRUE(first->commit(std::vector<TableRows>{{&items_table(), {make_item("a", 2, 1)}}}));
  const auto loaded = waiting.get();
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(amount_of(loaded.value()[0].rows.at(0)), 2);
}

TEST_F(PostgresStore, ALostConnectionIsUnavailableAndTheNextBatchWorks) {
  auto batch = begin();
  ASSERT_TRUE(batch->load(kItemA));
  terminate_connections();
  const auto loaded = batch->load(kItemA);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::unavailable);
  batch.reset();
  EXPECT_TRUE(begin()->load(kItemA));
}

TEST_F(PostgresStore, ACommitOnALostConnectionHasAnUnknownOutcome) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}})) << "which prepares the statement";
  auto batch = begin();
  ASSERT_TRUE(batch->load(kItemA));
  terminate_connections();
  const auto status = batch->commit(std::vector<TableRows>{{&items_table(), {make_item("b", 1)}}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
}

TEST_F(PostgresStore, ABatchThatTheServerEndedForBeingSlowTimesOut) {
  auto options = harness_.options();
  options.idle_in_transaction_timeout = Milliseconds{100};
  const auto slow = harness_.open(options);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(commit(*slow, {{&items_table(), {make_item("a" + std::to_string(i), 1)}}}));
    auto batch = std::move(slow->begin()).value();
    ASSERT_TRUE(batch->load(kItemA));
    wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = '" +
               harness_.application() + "' AND state LIKE 'idle in transaction%'");
    const auto status = batch->commit(std::vector<TableRows>{{&items_table(), {make_item("b", 1)}}});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::timeout) << status.error().detail;
  }
  EXPECT_TRUE(commit(*slow, {}));
}

// Accepts one connection, greets it as PostgreSQL does and then says nothing until the other side hangs up.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    serving_ = std::async(std::launch::async, [this] { serve(); });
  }
  ~SilentServer() {
    shutdown(socket_, SHUT_RDWR);
    serving_.wait();
    close(socket_);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  std::string url() const {
    return "postgresql://nobody@127.0.0.1:" + std::to_string(port_) +
           "/none?sslmode=disable&gssencmode=disable";
  }

 private:
  // Hangs up itself when the other side waits for too long.
  void serve() const {
    constexpr std::string_view kAuthenticatedAndReady("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", 15);
    const int connection = accept(socket_, nullptr, nullptr);
    if (connection < 0) return;
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char received[1024];
    if (recv(connection, received, sizeof received, 0) > 0)
      (void)send(connection, kAuthenticatedAndReady.data(), kAuthenticatedAndReady.size(), MSG_NOSIGNAL);
    while (recv(connection, received, sizeof received, 0) > 0) {
    }
    close(connection);
  }

  int socket_;
  int port_ = 0;
  std::future<void> serving_;
};

TEST_F(PostgresStore, AServerThatGreetsAndSaysNothingMoreTimesOut) {
  const SilentServer server;
  PostgresOptions options;
  options.url = server.url();
  options.statement_timeout = Milliseconds{50};
  options.tcp_user_timeout = Milliseconds{50};
  const auto batch = harness_.open(options)->begin();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::timeout) << batch.error().detail;
}

TEST_F(PostgresStore, ALedgerThatTakesLongerThanABatchMayIsChecked) {
  harness_.query(
      "ALTER TABLE ledger_entries RENAME TO entries; CREATE VIEW ledger_entries AS "
      "SELECT entries.* FROM pg_sleep(0.3), entries");
  auto options = harness_.options();
  options.statement_timeout = Milliseconds{200};
  options.tcp_user_timeout = Milliseconds{50};
  const auto check = harness_.open(options)->check_ledger();
  EXPECT_TRUE(check) << check.error().detail;
}

TEST_F(PostgresStore, AValueTooLargeForAnIndexIsInvalid) {
  std::mt19937 random(5);
  std::string key;
  for (int i = 0; i < 5'000; ++i) key += static_cast<char>('!' + random() % 90);
  const auto status = commit(*store_, {{&items_table(), {make_item("good", 1), make_item(key, 1)}}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::invalid) << status.error().detail;
  EXPECT_THAT(read(*store_, items_table(), {"good"}), IsEmpty());
}

// The table that each step is noted in is there already, with a trigger that looks at how it is migrated.
TEST(PostgresMigration, HasNoneOfTheLimitsOfBatches) {
  PostgresHarness harness;
  harness.query(
      "CREATE TABLE penstock_schema (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT "
      "now());"
      "CREATE TABLE seen (value text);"
      "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES ("
      "  concat_ws(' ', current_setting('enable_seqscan'), current_setting('statement_timeout'),"
      "            current_setting('lock_timeout'))); RETURN NEW; END $$;"
      "CREATE TRIGGER looks BEFORE INSERT ON penstock_schema FOR EACH ROW EXECUTE FUNCTION look()");
  const auto migrated = harness.open()->migrate();
  ASSERT_TRUE(migrated) << migrated.error().detail;
  EXPECT_THAT(harness.query("SELECT DISTINCT value FROM seen"), ElementsAre("on 0 1min"));
}

TEST_F(PostgresStore, IdleConnectionsThatDiedAreReplacedUnnoticed) {
  {
    auto first = begin(), second = begin();
    ASSERT_TRUE(first->load(kItemA));
    ASSERT_TRUE(second->load(kItemA));
  }
  terminate_connections();
  EXPECT_TRUE(store_->ready());
  EXPECT_TRUE(begin()->load(kItemA));
}

TEST_F(PostgresStore, AStatementThatTakesTooLongTimesOut) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  auto options = harness_.options();
  options.statement_timeout = Milliseconds{100};
  const auto impatient = harness_.open(options);
  auto holder = begin();
  ASSERT_TRUE(holder->load(kItemA));
  const auto blocked = std::move(impatient->begin()).value()->load(kItemA);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, ErrorCode::timeout);
}

TEST_F(PostgresStore, AFullPoolIsOverloadedAfterTheWait) {
  auto options = harness_.options();
  options.connections_max = 2;
  options.connection_wait = Milliseconds{50};
  const auto small = harness_.open(options);
  auto first = std::move(small->begin()).value();
  const auto second = std::move(small->begin()).value();
  const auto third = small->begin();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::overloaded);
  first.reset();
  EXPECT_TRUE(small->begin());
}

TEST_F(PostgresStore, NoServerIsUnavailable) {
  PostgresOptions options;
  options.url = "postgresql://nobody@127.0.0.1:1/none";
  const auto status = harness_.open(options)->ready();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
}

TEST_F(PostgresStore, AnUrlThatDoesNotParseIsInvalid) {
  const auto store = make_postgres_store({.url = "postgresql://[::1/state"});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::invalid);
}

constexpr Timestamp kNow = std::chrono::sys_days{std::chrono::year{2026} / 3 / 31};

Row inbox_row(const std::string& key, Timestamp created, Timestamp received,
              Outcome outcome = Outcome::applied) {
  InboxRow row;
  row.key = {key};
  row.event_created = created;
  row.received_at = received;
  row.outcome = outcome;
  return {to_cells(row), 0, {received, received, key}};
}
Row inbox_row(const std::string& key, Timestamp created) { return inbox_row(key, created, created); }

const std::string kPartitions =
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = 'inbox'::regclass ORDER BY 1";

TEST_F(PostgresStore, MaintenanceKeepsTheMonthsBetweenTheOldestEventAndTheNextMonth) {
  ASSERT_TRUE(store_->maintain(kNow, days{35}));
  EXPECT_THAT(harness_.query(kPartitions),
              ElementsAre("inbox_2026_02", "inbox_2026_03", "inbox_2026_04", "inbox_default"));
  ASSERT_TRUE(store_->maintain(kNow + days{40}, days{35}));
  EXPECT_THAT(harness_.query(kPartitions),
              ElementsAre("inbox_2026_04", "inbox_2026_05", "inbox_2026_06", "inbox_default"));
}

// Rows of the inbox by partition.
const std::string kWhere = "SELECT tableoid::regclass || ' ' || key FROM inbox ORDER BY 1";

TEST_F(PostgresStore, AMonthIsDroppedAlthoughOneOfItsEventsIsParkedAndAnotherCameLate) {
  const Timestamp february = kNow - days{40};
  ASSERT_TRUE(store_->maintain(kNow, days{35}));
  ASSERT_TRUE(
      commit(*store_, {{&table_of<InboxRow>(),
                        {inbox_row("parked", february, february, Outcome::parked),
                         inbox_row("late", february, kNow + days{39}), inbox_row("old", february)}}}));
  EXPECT_THAT(harness_.query(kWhere),
              ElementsAre("inbox_2026_02 late", "inbox_2026_02 old", "inbox_2026_02 parked"));
  EXPECT_FALSE(store_->maintain(kNow + days{40}, days{35}).value());
  EXPECT_THAT(harness_.query(kPartitions),
              ElementsAre("inbox_2026_04", "inbox_2026_05", "inbox_2026_06", "inbox_default"));
  EXPECT_THAT(harness_.query(kWhere), ElementsAre("inbox_default late", "inbox_default parked"));
}

TEST_F(PostgresStore, AMonthWithManyParkedEventsKeepsThemAlone) {
  const Timestamp february = kNow - days{40};
  ASSERT_TRUE(store_->maintain(kNow, days{35}));
  std::vector<Row> rows = {inbox_row("old", february)};
  for (int i = 0; i < 1001; ++i)
    rows.push_back(inbox_row("parked" + std::to_string(i), february, february, Outcome::parked));
  ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(), rows}}));
  for (bool more = true; more;) more = store_->maintain(kNow + days{40}, days{35}).value();
  EXPECT_THAT(harness_.query("SELECT count(*) FROM inbox_2026_02"), ElementsAre("1001"));
  EXPECT_THAT(harness_.query("SELECT count(*) FROM inbox"), ElementsAre("1001"));
}

TEST_F(PostgresStore, AMonthThatIsInUseIsDroppedTheNextTime) {
  ASSERT_TRUE(store_->maintain(kNow, days{35}));
  ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(), {inbox_row("old", kNow - days{40})}}}));
  const auto dropped = [&] {
    return harness_.query("SELECT count(*) FROM pg_class WHERE oid = to_regclass('inbox_2026_02')").at(0) ==
           "0";
  };
  const auto holder = postgres::connect(harness_.options()).value();
  ASSERT_TRUE(postgres::execute(holder.get(), "BEGIN; LOCK TABLE inbox_2026_02 IN ROW EXCLUSIVE MODE"));
  ASSERT_TRUE(store_->maintain(kNow + days{33}, days{35})) << "nobody waits";
  EXPECT_FALSE(dropped());
  ASSERT_TRUE(postgres::execute(holder.get(), "COMMIT"));
  ASSERT_TRUE(store_->maintain(kNow + days{33}, days{35}));
  EXPECT_TRUE(dropped());
}

TEST_F(PostgresStore, AMonthIsDroppedWhileAnotherStoreOfTheDatabaseDropsOne) {
  PostgresHarness other;
  const auto other_store = other.open();
  ASSERT_TRUE(other_store->migrate());
  const auto dropping = postgres::connect(other.options()).value();
  ASSERT_TRUE(postgres::execute(dropping.get(), "BEGIN; SELECT penstock_drop_inbox_month_before(now())"));
  ASSERT_TRUE(store_->maintain(kNow, days{35}));
  EXPECT_THAT(harness_.query(kPartitions), Contains("inbox_2026_02"));
  ASSERT_TRUE(store_->maintain(kNow + days{33}, days{35}));
  EXPECT_THAT(harness_.query(kPartitions), Not(Contains("inbox_2026_02")));
}

// Whoever reads while rows move into a partition that is being added must find them on one side or the other.
TEST_F(PostgresStore, ARowThatMovesIntoANewMonthIsSeenAllTheWhile) {
  for (int month = 0; month < 12; ++month) {
    const Timestamp at = kNow + days{31 * month};
    const std::vector<std::string> key = {"evt_" + std::to_string(month)};
    ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(), {inbox_row(key.front(), at)}}}));
    std::atomic<bool> added = false;
    std::vector<std::future<int>> readers;
    for (int reader = 0; reader < 3; ++reader)
      readers.push_back(std::async(std::launch::async, [&] {
        int misses = 0;
        while (!added) misses += store_->read(table_of<InboxRow>(), key).value().empty() ? 1 : 0;
        return misses;
      }));
    EXPECT_TRUE(store_->maintain(at, days{2000}));
    added = true;
    for (auto& reader : readers) EXPECT_EQ(reader.get(), 0) << month;
  }
}

TEST_F(PostgresStore, SeveralMayMaintainAtOnce) {
  std::vector<std::future<Result<bool>>> done;
  for (int i = 0; i < 4; ++i)
    done.push_back(std::async(std::launch::async, [&] { return store_->maintain(kNow, days{35}); }));
  for (auto& each : done) {
    const auto status = each.get();
    EXPECT_TRUE(status) << status.error().detail;
  }
  EXPECT_THAT(harness_.query(kPartitions), SizeIs(4));
}

TEST_F(PostgresStore, ARowWhosePartitionIsBeingAddedIsAConflict) {
  const auto hold = [&] {
    harness_.query(
        "BEGIN; SELECT penstock_add_inbox_month('2026-03-01 00:00:00Z'); "
        "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
        "application_name = '" +
        harness_.application() +
        "') LOOP PERFORM pg_stat_clear_snapshot(); "
        "END LOOP; END $$; COMMIT");
  };
  auto adding = std::async(std::launch::async, hold);
  wait_until(
      "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'inbox_default'::regclass AND granted AND "
      "mode = 'AccessExclusiveLock'");
  const std::vector<TableRows> changes = {{&table_of<InboxRow>(), {inbox_row("evt", kNow)}}};
  const auto status = commit(*store_, changes);
  adding.get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::conflict) << status.error().detail;
  EXPECT_TRUE(commit(*store_, changes)) << "and goes to its partition the next time";
}

}  // namespace
}  // namespace penstock
