#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <tuple>

#include "common/adapters/sql/rows.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/state/view.h"

namespace penstock {
namespace {

using std::chrono::days;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

template <class R>
void append_table(std::vector<const Table*>& tables, const TypedKeys<R>&) {
  tables.push_back(&table_of<R>());
}

std::vector<const Table*> domain_tables() {
  std::vector<const Table*> tables = {&table_of<InboxRow>()};
  const auto append = [&](const auto&... each) { (append_table(tables, each), ...); };
  std::apply(append, StateTables<TypedKeys>{});
  std::apply(append, AddedTables<TypedKeys>{});
  return tables;
}

using StoreSchema = StoreContract;
PENSTOCK_EVERY_STORE(StoreSchema);

TEST_P(StoreSchema, HasTheColumnsOfEveryDescribedTable) {
  store_.reset();
  for (const Table* table : domain_tables()) {
    std::map<std::string, std::string> described;
    for (const auto& column : sql::stored_columns(*table))
      described.emplace(column.name, harness_->type_name(column.type));
    EXPECT_EQ(harness_->columns(table->name), described) << table->name;
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
