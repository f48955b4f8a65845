// Is the ledger balanced? Sums may pass int64.
#pragma once

#include "common/adapters/sqlite/sqlite.h"
#include "common/ports/store.h"

namespace penstock::sqlite {

Result<LedgerCheck> check_ledger(Connection& connection);

}  // namespace penstock::sqlite
