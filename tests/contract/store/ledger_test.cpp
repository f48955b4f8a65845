#include <gmock/gmock.h>

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

}  // namespace
}  // namespace penstock
