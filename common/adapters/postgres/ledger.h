// Is the ledger balanced? One consistent look at all of it.
#pragma once

#include "common/adapters/postgres/connection.h"

namespace penstock::postgres {

Result<LedgerCheck> check_ledger(Connection& connection);

}  // namespace penstock::postgres
