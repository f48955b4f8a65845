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

Row inbox_row(const std::string& key, Timestamp created) {
  InboxRow row;
  row.key = {key};
  row.event_created = row.received_at = created;
  return {to_cells(row), 0, {created, created, key}};
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
  ASSERT_TRUE(store_->maintain(kNow, kAge));
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("month ago", "now", "ahead"));

  ASSERT_TRUE(commit(
      *store_, {{&table_of<InboxRow>(), {inbox_row("next", kNow + days{1}), inbox_row("last", kNow)}}}));
  ASSERT_TRUE(store_->maintain(kNow, kAge));
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("month ago", "now", "last", "next", "ahead"));
  EXPECT_EQ(read(*store_, table_of<InboxRow>(), {"now", "last", "next", "ahead"}).size(), 4u);

  // Two months later even a whole month's partition is older than 35 days.
  ASSERT_TRUE(store_->maintain(kNow + days{70}, kAge));
  EXPECT_THAT(inbox_keys(*store_), UnorderedElementsAre("ahead"));
}

TEST_P(StoreMaintenance, AnEventIsStillKnownAfterItsRowHasMoved) {
  const Table& inbox = table_of<InboxRow>();
  ASSERT_TRUE(commit(*store_, {{&inbox, {inbox_row("evt", kNow)}}}));
  ASSERT_TRUE(store_->maintain(kNow, kAge));
  const auto status = commit(*store_, {{&inbox, {inbox_row("evt", kNow)}}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::conflict);
  Row stored = read(*store_, inbox, {"evt"}).at(0);
  EXPECT_TRUE(commit(*store_, {{&inbox, {stored}}})) << "and can be changed";
}

TEST_P(StoreMaintenance, DeletesMoreThanOnePiece) {
  for (int batch = 0; batch < 6; ++batch) {
    std::vector<Row> rows;
    for (int i = 0; i < 1000; ++i)
      rows.push_back(inbox_row(std::to_string(batch * 1000 + i), kNow - days{400}));
    ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(), rows}}));
  }
  ASSERT_TRUE(store_->maintain(kNow, kAge));
  EXPECT_THAT(inbox_keys(*store_), testing::IsEmpty());
}

}  // namespace
}  // namespace penstock
