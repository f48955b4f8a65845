// What only a store on one file can show.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "common/adapters/sqlite/store.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {
namespace {

using std::chrono::days;

class SqliteStore : public testing::Test {
 protected:
  SqliteStore() {
    std::string path = (std::filesystem::temp_directory_path() / "penstock.XXXXXX").string();
    folder_ = mkdtemp(path.data());
  }
  ~SqliteStore() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void SetUp() override {
    auto opened = open_sqlite_store({.file = folder_ / "state.db", .maintenance_pieces_max = 2});
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(opened).value();
    ASSERT_TRUE(store_->migrate());
  }
  std::uintmax_t file_bytes() const { return std::filesystem::file_size(folder_ / "state.db"); }
  std::uintmax_t wal_bytes() const { return std::filesystem::file_size(folder_ / "state.db-wal"); }

  std::filesystem::path folder_;
  std::unique_ptr<StoreAdapter> store_;
};

constexpr Timestamp kReceived = std::chrono::sys_days{std::chrono::year{2026} / 3 / 31};

Row inbox_row(const std::string& key, std::size_t bytes) {
  InboxRow row;
  row.key = {key};
  row.event_created = row.received_at = kReceived;
  row.message = std::string(bytes, 'x');
  return {to_cells(row), 0, {kReceived, kReceived, key}};
}

TEST_F(SqliteStore, MaintenanceGivesTheRoomBackAndKeepsTheWalSmall) {
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<Row> rows;
    for (int i = 0; i < 250; ++i) rows.push_back(inbox_row(std::to_string(250 * batch + i), 4'000));
    ASSERT_TRUE(commit(*store_, {{&table_of<InboxRow>(), rows}}));
  }
  const auto full = file_bytes();
  std::uintmax_t wal_max = 0;
  int runs = 0;
  for (bool more = true; more;) {
    ASSERT_LT(++runs, 10'000) << "a run takes something away, or is the last";
    const auto maintained = store_->maintain(kReceived + days{36}, days{35});
    ASSERT_TRUE(maintained) << maintained.error().detail;
    more = maintained.value();
    wal_max = std::max(wal_max, wal_bytes());
  }
  EXPECT_GT(full, 30'000'000U);
  EXPECT_LT(file_bytes(), 8'000'000U);
  EXPECT_LT(wal_max, 16'000'000U);
  EXPECT_EQ(wal_bytes(), 0U);
}

}  // namespace
}  // namespace penstock
