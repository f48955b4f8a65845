// Is the ledger balanced? Added up piece by piece, so that batches get their turns in between.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/adapters/sqlite/sqlite.h"
#include "common/ports/ledger_audit.h"

namespace penstock::sqlite {

// Entries are only ever added, a posting's all at once and together with its wallet's balance. So the sums up
// to the last entry hold for the moment in which it was reached, and a wallet may be compared whenever no
// entry is missing. Remembers the sums of so many accounts at a time, by name, and reads the ledger again for
// the next ones.
class LedgerWalk {
 public:
  static constexpr std::size_t kAccountsOfRound = 500'000;

  // The connection must outlive the walk; only step() uses it.
  explicit LedgerWalk(Connection& connection, std::size_t accounts_of_round = kAccountsOfRound)
      : connection_(connection), accounts_of_round_(accounts_of_round) {}

  // One piece, some thousand rows. True: there is more.
  Result<bool> step();

  // After the last step.
  LedgerCheck result() &&;

 private:
  __extension__ using Sum = __int128;  // of amounts, which may pass int64
  using Currency = std::pair<std::string, bool>;
  using Posting = std::tuple<std::string, std::string, bool>;  // effect key, currency, livemode

  Result<bool> add_entries();
  void add_to_posting(Posting posting, std::int64_t amount);
  void add_to_account(std::string_view account, std::int64_t amount);
  void note_sums();
  Result<bool> compare_accounts();
  Result<bool> look_for_missing_accounts();
  void note_broken_wallet(std::string wallet);
  // False when there is none left to begin.
  bool begin_next_round();

  Connection& connection_;
  const std::size_t accounts_of_round_;

  std::int64_t last_entry_ = 0;  // of this round
  std::int64_t entries_ = 0;
  std::map<Currency, Sum> sums_;
  std::map<Posting, Sum> unbalanced_;  // as far as it has got
  bool unbalanced_full_ = false;       // nothing is added any more

  std::map<std::string, Sum, std::less<>> accounts_;  // of this round: from `from_` on
  std::string from_;
  std::optional<std::string> next_from_;  // and before this one

  bool sums_noted_ = false;
  bool accounts_compared_ = false;
  std::string last_account_;
  std::string last_wallet_;
  std::set<std::string> broken_wallets_;
  LedgerCheck check_;
};

}  // namespace penstock::sqlite
