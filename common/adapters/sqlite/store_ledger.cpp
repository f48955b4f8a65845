#include "common/adapters/sqlite/store_ledger.h"

#include <algorithm>

namespace penstock::sqlite {
namespace {

constexpr int kEntriesOfPiece = 5000;
constexpr int kAccountsOfPiece = 1000;
constexpr std::size_t kUnbalancedMax = 100'000;
constexpr std::size_t kNamedMax = 100;
constexpr std::string_view kWalletAccount = "wallet:";

// Rows are numbered as they are added.
constexpr const char* kEntries =
    "SELECT rowid, effect_key, account, amount, currency, livemode FROM ledger_entries WHERE rowid > ? "
    "ORDER BY rowid LIMIT ?";
constexpr const char* kBalance = "SELECT balance FROM wallets WHERE id = ?";
constexpr const char* kWallets = "SELECT id, balance FROM wallets WHERE id > ? ORDER BY id LIMIT ?";

std::string to_decimal(auto value) {
  const bool negative = value < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(value % 10);
    digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

Result<bool> LedgerWalk::step() {
  TRY(const bool more_entries, add_entries());
  if (more_entries) return true;
  if (!std::exchange(sums_noted_, true)) note_sums();
  if (!accounts_compared_) {
    TRY(const bool more_accounts, compare_accounts());
    accounts_compared_ = !more_accounts;
    return true;
  }
  TRY(const bool more_wallets, look_for_missing_accounts());
  return more_wallets || begin_next_round();
}

bool LedgerWalk::begin_next_round() {
  check_.accounts += static_cast<std::int64_t>(accounts_.size());
  accounts_.clear();
  if (!next_from_) return false;
  from_ = *std::exchange(next_from_, std::nullopt);
  last_entry_ = 0;
  accounts_compared_ = false;
  last_account_.clear();
  return true;
}

LedgerCheck LedgerWalk::result() && {
  check_.broken_wallets.assign(broken_wallets_.begin(), broken_wallets_.end());
  return std::move(check_);
}

Result<bool> LedgerWalk::add_entries() {
  TRY(Statement statement, connection_.prepare(kEntries));
  statement.bind(1, last_entry_);
  statement.bind(2, kEntriesOfPiece);
  for (int added = 0;; ++added) {
    TRY(const bool row, statement.step());
    if (!row) return added == kEntriesOfPiece;
    last_entry_ = statement.integer(0);
    const std::int64_t amount = statement.integer(3);
    add_to_account(statement.text(2), amount);
    if (sums_noted_) continue;
    Currency currency{statement.text(4), statement.integer(5) != 0};
    add_to_posting({std::string(statement.text(1)), currency.first, currency.second}, amount);
    sums_[std::move(currency)] += amount;
    ++entries_;
  }
}

// What is too much for this round is its greatest account. The next begins there, so it never comes back and
// what is kept was kept from its first entry on.
void LedgerWalk::add_to_account(std::string_view account, std::int64_t amount) {
  if (account < from_ || (next_from_ && account >= *next_from_)) return;
  const auto known = accounts_.find(account);
  if (known != accounts_.end()) {
    known->second += amount;
    return;
  }
  accounts_.emplace(account, amount);
  if (accounts_.size() <= accounts_of_round_) return;
  const auto greatest = std::prev(accounts_.end());
  next_from_ = greatest->first;
  accounts_.erase(greatest);
}

// A balanced posting is forgotten as soon as it is whole. Of a ledger in which nothing is, some are enough.
void LedgerWalk::add_to_posting(Posting posting, std::int64_t amount) {
  const auto known = unbalanced_.find(posting);
  if (known == unbalanced_.end()) {
    if (amount != 0 && !unbalanced_full_) unbalanced_.emplace(std::move(posting), amount);
    unbalanced_full_ = unbalanced_.size() >= kUnbalancedMax || unbalanced_full_;
    return;
  }
  known->second += amount;
  if (known->second == 0) unbalanced_.erase(known);
}

void LedgerWalk::note_sums() {
  check_.entries = entries_;
  for (const auto& [currency, sum] : sums_)
    check_.sums.push_back({currency.first, currency.second, to_decimal(sum)});
  for (const auto& [posting, sum] : unbalanced_) {
    const std::string& effect = std::get<0>(posting);
    auto& named = check_.broken_postings;
    if (named.size() < kNamedMax && (named.empty() || named.back() != effect)) named.push_back(effect);
  }
}

Result<bool> LedgerWalk::compare_accounts() {
  TRY(Statement statement, connection_.prepare(kBalance));
  auto account = accounts_.upper_bound(last_account_);
  for (int compared = 0; compared < kAccountsOfPiece && account != accounts_.end(); ++compared, ++account) {
    last_account_ = account->first;
    if (!last_account_.starts_with(kWalletAccount)) continue;
    const std::string wallet = last_account_.substr(kWalletAccount.size());
    statement.bind_text(1, wallet);
    TRY(const bool known, statement.step());
    const std::int64_t balance = known ? statement.integer(0) : 0;
    statement.reset();
    if (account->second != balance) note_broken_wallet(wallet);
  }
  return account != accounts_.end();
}

Result<bool> LedgerWalk::look_for_missing_accounts() {
  TRY(Statement statement, connection_.prepare(kWallets));
  const std::string after = last_wallet_;
  statement.bind_text(1, after);
  statement.bind(2, kAccountsOfPiece);
  for (int seen = 0;; ++seen) {
    TRY(const bool row, statement.step());
    if (!row) return seen == kAccountsOfPiece;
    const std::string account = std::string(kWalletAccount).append(statement.text(0));
    if (next_from_ && account >= *next_from_) return false;
    last_wallet_ = statement.text(0);
    if (account < from_) continue;  // new, and of a round that is over
    const bool has_entries = accounts_.contains(account);
    if (!has_entries && statement.integer(1) != 0) note_broken_wallet(last_wallet_);
  }
}

// The first of them by name, whatever order they are found in.
void LedgerWalk::note_broken_wallet(std::string wallet) {
  broken_wallets_.insert(std::move(wallet));
  if (broken_wallets_.size() > kNamedMax) broken_wallets_.erase(std::prev(broken_wallets_.end()));
}

}  // namespace penstock::sqlite
