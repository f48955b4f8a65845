// What an adapter is all of. Who uses a store asks for the part that it needs.
#pragma once

#include "common/ports/ledger_audit.h"
#include "common/ports/store.h"
#include "common/ports/store_admin.h"

namespace penstock {

class StoreAdapter : public Store, public StoreAdmin, public LedgerAudit {};

}  // namespace penstock
