// Whether the ledger of a store adds up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/core/result.h"

namespace penstock {

// Sum over a ledger currency. It may pass int64, so it is text.
struct CurrencySum {
  std::string currency;
  bool livemode = false;
  std::string sum;
};

struct LedgerCheck {
  std::int64_t accounts = 0;
  std::int64_t entries = 0;
  std::vector<CurrencySum> sums;             // each "0" in a balanced ledger
  std::vector<std::string> broken_postings;  // effect keys whose entries do not sum to zero, 100 at most
  std::vector<std::string> broken_wallets;   // whose balance is not the sum of their entries, 100 at most
};

// May be called from any thread.
class LedgerAudit {
 public:
  virtual ~LedgerAudit() = default;

  // Adds up all entries, for as long as that takes, and holds up no batch.
  virtual Result<LedgerCheck> check_ledger() = 0;
};

}  // namespace penstock
