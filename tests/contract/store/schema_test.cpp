#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <tuple>

#include "common/adapters/sql/rows.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/state/tables.h"

namespace penstock {
namespace {

using std::chrono::days;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// Tables of the store's own, and of this suite.
const std::set<std::string> kUndescribedTables = {"penstock_schema", "penstock_store", "items", "notes",
                                                  "facts"};

// Indexes that no list follows.
const std::set<std::string> kOtherIndexes = {"inbox_entity",
                                             "outbox_event",
                                             "awaited_payments_due",
                                             "wallets_user",
                                             "customers_user",
                                             "subscriptions_user",
                                             "payouts_retry",
                                             "run_publications_due",
                                             "deliveries_due",
                                             "deliveries_failed",
                                             "delivery_endpoints_due",
                                             "runs_due",
                                             "settings_updated",
                                             "checkout_sessions_of_accounts",
                                             "payment_intents_of_accounts",
                                             "charges_of_accounts",
                                             "subscriptions_of_accounts",
                                             "payouts_of_accounts"};

bool is_nullable(const Table& table, std::string_view column) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const Column& each) { return each.name == column && each.nullable; });
}

// Which rows the index holds.
std::string condition_of(const Table& table, const ListIndex& index) {
  std::string condition;
  for (const auto value : index.common)
    condition.append(condition.empty() ? "" : " AND ").append(index.column).append(" <> '").append(value) +=
        "'";
  if (!index.only.empty())
    return condition.empty() ? std::string(index.only) : condition + " AND (" + std::string(index.only) + ")";
  if (condition.empty() && is_nullable(table, index.column))
    return std::string(index.column) + " IS NOT NULL";
  return condition;
}

std::string create_statement(const Table& table, const ListIndex& index, const std::string& name) {
  std::string columns = index.column.empty() ? "" : std::string(index.column) + ", ";
  columns.append(table.newest_first).append(", ").append(sql::key_name(table));
  const std::string condition = condition_of(table, index);
  return "CREATE INDEX " + name + " ON " + std::string(table.name) + " (" + columns + ")" +
         (condition.empty() ? "" : " WHERE " + condition);
}

using StoreSchema = StoreContract;
PENSTOCK_EVERY_STORE(StoreSchema);

TEST_P(StoreSchema, HasTheDescribedTablesAndNoOther) {
  store_.reset();
  std::set<std::string> described = kUndescribedTables;
  for (const Table* table : all_tables())
    EXPECT_TRUE(described.emplace(table->name).second) << table->name << " is described twice";
  EXPECT_EQ(harness_->tables(), described);
}

TEST_P(StoreSchema, HasTheColumnsOfEveryDescribedTableAndNoOther) {
  store_.reset();
  for (const Table* table : all_tables()) {
    std::map<std::string, StoredColumn> described;
    for (const auto& [name, type, nullable] : sql::stored_columns(*table))
      described[std::string(name)] = {harness_->type_name(type), nullable, name == sql::key_name(*table)};
    // PostgreSQL's partitions have what they are partitioned by in their key.
    if (GetParam() == "postgres" && !table->partitioned_by.empty())
      described[std::string(table->partitioned_by)].in_key = true;
    EXPECT_EQ(harness_->columns(table->name), described) << table->name;
  }
}

// As the store has it is compared with as the store would have it.
TEST_P(StoreSchema, HasTheIndexOfEveryListAndNoOther) {
  store_.reset();
  for (const Table* table : all_tables()) {
    auto stored = harness_->indexes(table->name);
    std::erase_if(stored, [](const auto& index) { return kOtherIndexes.contains(index.first); });
    std::multiset<std::string> has, described;
    for (const auto& [name, definition] : stored) has.insert(definition);
    for (const auto& index : table->indexes) {
      harness_->execute(create_statement(*table, index, "as_described"));
      described.insert(harness_->indexes(table->name).at("as_described"));
      harness_->execute("DROP INDEX as_described");
    }
    EXPECT_EQ(has, described) << table->name;
  }
}

TEST_P(StoreSchema, MigratingAgainChangesNothing) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  ASSERT_TRUE(store_->migrate());
  EXPECT_TRUE(store_->ready());
  EXPECT_EQ(read(*store_, items_table(), {"a"}).size(), 1u);
}

TEST_P(StoreSchema, ANewerSchemaIsRefused) {
  execute(
      "INSERT INTO penstock_schema (version, applied_at) SELECT 99, applied_at FROM penstock_schema LIMIT 1");
  for (const Status& status : {store_->ready(), store_->migrate()}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::wrong_schema);
    EXPECT_THAT(status.error().detail, HasSubstr("update this program"));
  }
}

TEST_P(StoreSchema, AStoreHasOneIdForEverAndNoOtherHasIt) {
  const std::string id = store_->id().value();
  EXPECT_FALSE(id.empty());
  ASSERT_TRUE(store_->migrate());
  EXPECT_EQ(store_->id().value(), id);
  store_.reset();
  store_ = harness_->open();
  EXPECT_EQ(store_->id().value(), id) << "opened again";
  const auto other = make_harness(GetParam());
  const auto other_store = other->open();
  ASSERT_TRUE(other_store->migrate());
  EXPECT_NE(other_store->id().value(), id);
}

class FreshStore : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<StoreHarness> harness_ = make_harness(GetParam());
};
PENSTOCK_EVERY_STORE(FreshStore);

TEST_P(FreshStore, SaysWhatToRunBeforeItIsMigrated) {
  const auto store = harness_->open();
  const auto status = store->ready();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::wrong_schema);
  EXPECT_THAT(status.error().detail, HasSubstr("run: penstock-admin migrate"));
}

TEST_P(FreshStore, HasNoIdBeforeItIsMigrated) {
  const auto id = harness_->open()->id();
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::wrong_schema);
}

TEST_P(FreshStore, MigratesOnceWhenSeveralDoItTogether) {
  const auto store = harness_->open();
  std::atomic<int> succeeded{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { succeeded += store->migrate() ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 4);
  EXPECT_TRUE(store->ready());
}

using StoreMaintenance = StoreContract;
PENSTOCK_EVERY_STORE(StoreMaintenance);

constexpr Timestamp kNow = std::chrono::sys_days{std::chrono::year{2026} / 3 / 31} + std::chrono::hours{23};
constexpr days kAge{35};

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

// How many runs it took.
int maintain(StoreAdmin& store, Timestamp now) {
  for (int runs = 1;; ++runs) {
    const auto more = store.maintain(now, kAge);
    EXPECT_TRUE(more) << more.error().detail;
    if (!more || !more.value()) return runs;
  }
}

std::vector<std::string> inbox_keys(Store& store) {
  std::vector<std::string> keys;
  const auto rows = store.list(table_of<InboxRow>(), {.limit = 500});
  EXPECT_TRUE(rows) << rows.error().detail;
  for (const auto& row : rows.value()) keys.push_back(std::get<std::string>(row.cells[0]));
  return keys;
}

TEST_P(StoreMaintenance, DropsOldEventsAndKeepsYoungOnes) {
  // Before the first maintenance nothing is partitioned yet.
  ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(),
                                {inbox_row("ancient", kNow - days{4000}), inbox_row("old", kNow - days{36}),
                                 inbox_row("month ago", kNow - days{34}), inbox_row("now", kNow),
                                 inbox_row("ahead", kNow + days{400})}}}));
  maintain(*store_, kNow);
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("month ago", "now", "ahead"));

  ASSERT_TRUE(commit(
      *store_, {{&table_of<InboxRow>(), {inbox_row("next", kNow + days{1}), inbox_row("last", kNow)}}}));
  maintain(*store_, kNow);
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("month ago", "now", "last", "next", "ahead"));
  EXPECT_EQ(read(*store_, table_of<InboxRow>(), {"now", "last", "next", "ahead"}).size(), 4u);

  // Two months later even a whole month's partition is older than 35 days.
  maintain(*store_, kNow + days{70});
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("ahead"));
}

TEST_P(StoreMaintenance, AnEventIsStillKnownAfterItsRowHasMoved) {
  const Table& inbox = table_of<InboxRow>();
  ASSERT_TRUE(commit(*store_, {{&inbox, {inbox_row("evt", kNow)}}}));
  maintain(*store_, kNow);
  const auto status = commit(*store_, {{&inbox, {inbox_row("evt", kNow)}}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::conflict);
  Row stored = read(*store_, inbox, {"evt"}).at(0);
  EXPECT_TRUE(commit(*store_, {{&inbox, {stored}}})) << "and can be changed";
}

TEST_P(StoreMaintenance, AnEventAgesByItsReceiptWhateverItsOwnTimeSays) {
  ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(),
                                {inbox_row("created 1", timestamp_from_unix_ms(1'000), kNow),
                                 inbox_row("created long ago", kNow - days{400}, kNow - days{34}),
                                 inbox_row("created ahead", kNow + days{20}, kNow - days{36}),
                                 inbox_row("received long ago", kNow - days{400}, kNow - days{36})}}}));
  maintain(*store_, kNow);
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("created 1", "created long ago"));
  maintain(*store_, kNow + days{34});
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("created 1"));
  maintain(*store_, kNow + days{36});
  EXPECT_THAT(inbox_keys(*store_), testing::IsEmpty());
}

TEST_P(StoreMaintenance, AParkedEventStaysUntilSomebodyDecides) {
  const Table& inbox = table_of<InboxRow>();
  const Timestamp long_ago = kNow - days{400};
  ASSERT_TRUE(
      commit(*store_, {{&inbox,
                        {inbox_row("parked", timestamp_from_unix_ms(1'000), long_ago, Outcome::parked),
                         inbox_row("parked this month", kNow, kNow, Outcome::parked),
                         inbox_row("applied", timestamp_from_unix_ms(1'000), long_ago)}}}));
  maintain(*store_, kNow);
  maintain(*store_, kNow + days{200});
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("parked", "parked this month"));
  Row redriven = read(*store_, inbox, {"parked"}).at(0);
  InboxRow decided = *from_cells<InboxRow>(redriven.cells);
  decided.outcome = Outcome::applied;
  redriven.cells = to_cells(decided);
  ASSERT_TRUE(commit(*store_, {{&inbox, {redriven}}}));
  maintain(*store_, kNow + days{200});
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("parked this month"));
}

TEST_P(StoreMaintenance, DeletesMoreThanOnePiece) {
  for (int batch = 0; batch < 6; ++batch) {
    std::vector<Row> rows;
    for (int i = 0; i < 1000; ++i)
      rows.push_back(inbox_row(std::to_string(batch * 1000 + i), kNow - days{400}));
    ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(), rows}}));
  }
  EXPECT_GT(maintain(*store_, kNow), 1) << "a run is bounded";
  EXPECT_THAT(inbox_keys(*store_), testing::IsEmpty());
}

}  // namespace
}  // namespace penstock
