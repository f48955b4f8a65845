#include "common/adapters/sqlite/store_ledger.h"

#include <algorithm>

namespace penstock::sqlite {
namespace {

// SQLite's sum() fails beyond int64. So each amount is taken as high * 2^32 + low with 0 <= low < 2^32 (>>
// keeps the sign), and the halves are summed apart: exact for 2^31 entries.
constexpr const char* kCounts = "SELECT count(DISTINCT account), count(*) FROM ledger_entries";
constexpr const char* kSums =
    "SELECT currency, livemode, sum(amount >> 32), sum(amount & 4294967295) FROM ledger_entries "
    "GROUP BY 1, 2 ORDER BY 1, 2";
constexpr const char* kBrokenPostings =
    "SELECT DISTINCT effect_key FROM ("
    "  SELECT effect_key, sum(amount >> 32) AS high, sum(amount & 4294967295) AS low"
    "  FROM ledger_entries GROUP BY effect_key, currency, livemode"
    ") WHERE low % 4294967296 <> 0 OR high + low / 4294967296 <> 0 ORDER BY effect_key LIMIT 100";
constexpr const char* kBrokenWallets =
    "SELECT coalesce(w.id, substr(l.account, 8)) AS wallet FROM wallets w FULL JOIN ("
    "  SELECT account, sum(amount >> 32) AS high, sum(amount & 4294967295) AS low"
    "  FROM ledger_entries WHERE substr(account, 1, 7) = 'wallet:' GROUP BY account"
    ") l ON l.account = 'wallet:' || w.id "
    "WHERE coalesce(l.low, 0) % 4294967296 <> coalesce(w.balance, 0) & 4294967295 "
    "OR coalesce(l.high, 0) + coalesce(l.low, 0) / 4294967296 <> coalesce(w.balance, 0) >> 32 "
    "ORDER BY wallet LIMIT 100";

__extension__ using Int128 = __int128;

std::string to_decimal(Int128 value) {
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

Result<std::vector<CurrencySum>> read_sums(Connection& connection) {
  TRY(Statement statement, connection.prepare(kSums));
  std::vector<CurrencySum> sums;
  while (true) {
    TRY(const bool row, statement.step());
    if (!row) return sums;
    const Int128 sum = Int128{statement.integer(2)} * (std::int64_t{1} << 32) + statement.integer(3);
    sums.push_back({std::string(statement.text(0)), statement.integer(1) != 0, to_decimal(sum)});
  }
}

Result<std::vector<std::string>> read_names(Connection& connection, const char* query) {
  TRY(Statement statement, connection.prepare(query));
  std::vector<std::string> names;
  while (true) {
    TRY(const bool row, statement.step());
    if (!row) return names;
    names.emplace_back(statement.text(0));
  }
}

}  // namespace

Result<LedgerCheck> check_ledger(Connection& connection) {
  LedgerCheck check;
  TRY(Statement counts, connection.prepare(kCounts));
  TRY_STATUS(counts.step());
  check.accounts = counts.integer(0);
  check.entries = counts.integer(1);
  counts.reset();
  TRY(check.sums, read_sums(connection));
  TRY(check.broken_postings, read_names(connection, kBrokenPostings));
  TRY(check.broken_wallets, read_names(connection, kBrokenWallets));
  return check;
}

}  // namespace penstock::sqlite
