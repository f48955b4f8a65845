// What only a store on one file can show.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "common/adapters/sqlite/store.h"
#include "common/adapters/sqlite/store_ledger.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/state/event_rows.h"
#include "workers/domain/state/payment_rows.h"

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

Row ledger_entry(const std::string& effect, const std::string& account, std::int64_t amount) {
  const LedgerEntry entry{.id = effect + "/" + account,
                          .effect_key = effect,
                          .account = account,
                          .amount = {amount},
                          .currency = "usd",
                          .livemode = true,
                          .user_id = {},
                          .payment = "cs_1",
                          .event = {"stripe:evt_1"}};
  return {to_cells(entry), 0, {}};
}

Row wallet(const std::string& id, std::int64_t balance) {
  return {
      to_cells(Wallet{.id = id, .user_id = "u1", .currency = "usd", .livemode = true, .balance = {balance}}),
      0,
      {{}, {}, "stripe:evt_1"}};
}

// Whose accounts come in no order, have several entries each, and partly do not agree with their wallets.
TEST_F(SqliteStore, TheLedgerIsCheckedAlikeHoweverFewAccountsAreRememberedAtATime) {
  constexpr int kAccounts = 40;
  std::vector<Row> entries, wallets;
  for (int i = 0; i < 3 * kAccounts; ++i) {
    const std::string id = std::to_string(i * 7 % kAccounts);
    entries.push_back(ledger_entry("d:" + std::to_string(i), "wallet:" + id, 10));
    entries.push_back(ledger_entry("d:" + std::to_string(i), i % 2 == 0 ? "a stripe" : "z stripe", -10));
  }
  for (int i = 0; i < kAccounts; ++i)
    if (i != 5) wallets.push_back(wallet(std::to_string(i), i == 8 ? 31 : 30));
  wallets.push_back(wallet("no entries", 1));
  wallets.push_back(wallet("nothing", 0));
  ASSERT_TRUE(commit(*store_, {{&table_of<LedgerEntry>(), entries}, {&table_of<Wallet>(), wallets}}));
  store_.reset();
  auto connection = sqlite::Connection::open(folder_ / "state.db").value();
  for (const std::size_t accounts_of_round : {1U, 2U, 7U, 42U, 1000U}) {
    sqlite::LedgerWalk walk(connection, accounts_of_round);
    for (bool more = true; more;) more = walk.step().value();
    const LedgerCheck check = std::move(walk).result();
    EXPECT_EQ(check.accounts, kAccounts + 2) << accounts_of_round;
    EXPECT_EQ(check.entries, 6 * kAccounts) << accounts_of_round;
    ASSERT_EQ(check.sums.size(), 1U) << accounts_of_round;
    EXPECT_EQ(check.sums[0].sum, "0") << accounts_of_round;
    EXPECT_THAT(check.broken_postings, testing::IsEmpty()) << accounts_of_round;
    EXPECT_THAT(check.broken_wallets, testing::ElementsAre("5", "8", "no entries")) << accounts_of_round;
  }
}

}  // namespace
}  // namespace penstock
