#include "common/adapters/postgres/ledger.h"

#include <libpq-fe.h>

namespace penstock::postgres {
namespace {

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kScan = "SET LOCAL enable_seqscan = on";
// For each of the scans, which nobody waits for; the reply may take a little longer.
constexpr const char* kScanTimeout = "SET LOCAL statement_timeout = '5min'";
constexpr Milliseconds kReplyTimeout = std::chrono::minutes{6};
constexpr const char* kCounts = "SELECT count(DISTINCT account), count(*) FROM ledger_entries";
constexpr const char* kSums =
    "SELECT currency, livemode, sum(amount)::text FROM ledger_entries GROUP BY 1, 2 ORDER BY 1, 2";
constexpr const char* kBrokenPostings =
    "SELECT DISTINCT effect_key FROM ledger_entries GROUP BY effect_key, currency, livemode "
    "HAVING sum(amount) <> 0 ORDER BY effect_key LIMIT 100";
constexpr const char* kBrokenWallets =
    "SELECT coalesce(w.id, substr(l.account, 8)) AS wallet FROM wallets w FULL JOIN ("
    "  SELECT account, sum(amount) AS total FROM ledger_entries WHERE account LIKE 'wallet:%' GROUP BY "
    "account"
    ") l ON l.account = 'wallet:' || w.id "
    "WHERE coalesce(l.total, 0) <> coalesce(w.balance, 0) ORDER BY wallet LIMIT 100";

Result<std::vector<CurrencySum>> read_sums(const pg_result* result) {
  std::vector<CurrencySum> sums;
  for (int row = 0; row < PQntuples(result); ++row) {
    TRY(auto currency, read_cell(ColumnType::text, result, row, 0));
    TRY(auto livemode, read_cell(ColumnType::boolean, result, row, 1));
    TRY(auto sum, read_cell(ColumnType::text, result, row, 2));
    sums.push_back({std::get<std::string>(std::move(currency)), std::get<bool>(livemode),
                    std::get<std::string>(std::move(sum))});
  }
  return sums;
}

Result<std::vector<std::string>> read_names(const pg_result* result) {
  std::vector<std::string> names;
  for (int row = 0; row < PQntuples(result); ++row) {
    TRY(auto name, read_cell(ColumnType::text, result, row, 0));
    names.push_back(std::get<std::string>(std::move(name)));
  }
  return names;
}

}  // namespace

Result<LedgerCheck> check_ledger(Connection& connection) {
  for (const char* sql :
       {kBegin, kScan, kScanTimeout, kCounts, kSums, kBrokenPostings, kBrokenWallets, "COMMIT"})
    connection.send(sql);
  TRY(const auto results, connection.exchange(kReplyTimeout));
  LedgerCheck check;
  TRY(const auto accounts, read_cell(ColumnType::integer, results[3].get(), 0, 0));
  TRY(const auto entries, read_cell(ColumnType::integer, results[3].get(), 0, 1));
  check.accounts = std::get<std::int64_t>(accounts);
  check.entries = std::get<std::int64_t>(entries);
  TRY(check.sums, read_sums(results[4].get()));
  TRY(check.broken_postings, read_names(results[5].get()));
  TRY(check.broken_wallets, read_names(results[6].get()));
  return check;
}

}  // namespace penstock::postgres
