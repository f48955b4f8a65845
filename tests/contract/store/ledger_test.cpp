#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <limits>

#include "tests/contract/store/harness.h"
#include "workers/domain/state/payment_rows.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using StoreLedger = StoreContract;
PENSTOCK_EVERY_STORE(StoreLedger);

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Row entry(const std::string& effect, const std::string& account, std::int64_t amount,
          const std::string& currency = "usd", bool livemode = true) {
  const LedgerEntry entry{.id = effect + "/" + account,
                          .effect_key = effect,
                          .account = account,
                          .amount = {amount},
                          .currency = currency,
                          .livemode = livemode,
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

TEST_P(StoreLedger, AnEmptyLedgerIsBalanced) {
  const auto check = store_->check_ledger().value();
  EXPECT_EQ(check.accounts, 0);
  EXPECT_EQ(check.entries, 0);
  EXPECT_THAT(check.sums, IsEmpty());
  EXPECT_THAT(check.broken_postings, IsEmpty());
  EXPECT_THAT(check.broken_wallets, IsEmpty());
}

TEST_P(StoreLedger, BalancedPostingsAndTheirWalletsAreFine) {
  ASSERT_TRUE(commit(
      *store_, {{&table_of<LedgerEntry>(),
                 {entry("d:1", "wallet:live:usd:u1", kMost), entry("d:1", "stripe:live:usd", -kMost),
                  entry("d:2", "wallet:live:usd:u2", kMost), entry("d:2", "stripe:live:usd", -kMost),
                  entry("r:2", "wallet:live:usd:u2", -5), entry("r:2", "stripe:live:usd", 5)}},
                {&table_of<Wallet>(), {wallet("live:usd:u1", kMost), wallet("live:usd:u2", kMost - 5)}}}));
  const auto check = store_->check_ledger().value();
  EXPECT_EQ(check.accounts, 3);
  EXPECT_EQ(check.entries, 6);
  ASSERT_THAT(check.sums, SizeIs(1));
  EXPECT_EQ(check.sums[0].currency, "usd");
  EXPECT_TRUE(check.sums[0].livemode);
  EXPECT_EQ(check.sums[0].sum, "0");
  EXPECT_THAT(check.broken_postings, IsEmpty());
  EXPECT_THAT(check.broken_wallets, IsEmpty());
}

TEST_P(StoreLedger, SumsMayPassInt64) {
  ASSERT_TRUE(commit(
      *store_, {{&table_of<LedgerEntry>(),
                 {entry("d:1", "a", kMost), entry("d:2", "a", kMost), entry("d:3", "a", kMost),
                  entry("d:4", "b", -kMost - 1, "jpy", false), entry("d:5", "b", -kMost, "jpy", false)}}}));
  const auto sums = store_->check_ledger().value().sums;
  ASSERT_THAT(sums, SizeIs(2));
  EXPECT_EQ(sums[0].sum, "-18446744073709551615");
  EXPECT_FALSE(sums[0].livemode);
  EXPECT_EQ(sums[1].sum, "27670116110564327421");
}

TEST_P(StoreLedger, APostingThatDoesNotSumToZeroIsNamed) {
  ASSERT_TRUE(
      commit(*store_, {{&table_of<LedgerEntry>(),
                        {entry("fine", "a", 7), entry("fine", "b", -7),                  //
                         entry("off", "a", 7), entry("off", "b", -6),                    //
                         entry("mixed", "a", 7), entry("mixed", "b", -7, "eur"),         //
                         entry("modes", "a", 7), entry("modes", "b", -7, "usd", false),  //
                         entry("round", "a", kMost), entry("round", "b", kMost), entry("round", "c", 2)}}}));
  EXPECT_THAT(store_->check_ledger().value().broken_postings, ElementsAre("mixed", "modes", "off", "round"));
}

TEST_P(StoreLedger, AWalletThatIsNotTheSumOfItsEntriesIsNamed) {
  ASSERT_TRUE(commit(
      *store_,
      {{&table_of<LedgerEntry>(),
        {entry("d:1", "wallet:fine", -7), entry("d:1", "wallet:less", 7), entry("d:2", "wallet:unknown", 1),
         entry("d:2", "stripe:live:usd", -1), entry("d:3", "wallet:zero", 0)}},
       {&table_of<Wallet>(), {wallet("fine", -7), wallet("less", 6), wallet("no entries", 1)}}}));
  EXPECT_THAT(store_->check_ledger().value().broken_wallets, ElementsAre("less", "no entries", "unknown"));
}

// How many batches begin and commit while the ledger is checked.
int batches_during_check(StoreAdapter& store) {
  std::atomic<bool> checked{false};
  auto check = std::async(std::launch::async, [&] {
    const auto done = store.check_ledger();
    checked = true;
    return done;
  });
  int batches = 0;
  for (int i = 0; !checked; ++i) {
    const std::string effect = "during:" + std::to_string(i);
    const auto status =
        commit(store, {{&table_of<LedgerEntry>(), {entry(effect, "wallet:late", 0), entry(effect, "b", 0)}}});
    EXPECT_TRUE(status) << status.error().detail;
    ++batches;
  }
  const auto done = check.get();
  EXPECT_TRUE(done) << done.error().detail;
  EXPECT_THAT(done.value().broken_postings, IsEmpty());
  EXPECT_THAT(done.value().broken_wallets, ElementsAre("many"));
  return batches;
}

TEST_P(StoreLedger, BatchesGoOnWhileManyEntriesAreChecked) {
  std::vector<Row> entries;
  for (int i = 0; i < 30'000; ++i) {
    entries.push_back(entry("d:" + std::to_string(i), "wallet:many", 1));
    entries.push_back(entry("d:" + std::to_string(i), "b", -1));
  }
  ASSERT_TRUE(commit(*store_, {{&table_of<LedgerEntry>(), entries}}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (batches_during_check(*store_) < 8) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_P(StoreLedger, OfManyThatAreBrokenTheFirst100AreNamed) {
  std::vector<Row> entries, wallets;
  for (int i = 100; i < 350; ++i) {
    entries.push_back(entry("d:" + std::to_string(i), "wallet:" + std::to_string(2 * i), 1));
    wallets.push_back(wallet(std::to_string(2 * i + 1), 1));
  }
  ASSERT_TRUE(commit(*store_, {{&table_of<LedgerEntry>(), entries}, {&table_of<Wallet>(), wallets}}));
  const auto check = store_->check_ledger().value();
  ASSERT_THAT(check.broken_postings, SizeIs(100));
  EXPECT_EQ(check.broken_postings.back(), "d:199");
  ASSERT_THAT(check.broken_wallets, SizeIs(100));
  EXPECT_EQ(check.broken_wallets.back(), "299");
}

}  // namespace
}  // namespace penstock
