// A user's wallets as they are shown.
#pragma once

#include "ingress/admin/api/stored.h"
#include "workers/domain/state/payment_rows.h"

namespace penstock::admin {

// Those that hold a deposit: the others have been left behind by a customer link that moved. Blocks.
Result<std::vector<Stored<Wallet>>> wallets_of(Store& store, std::string_view user_id);

}  // namespace penstock::admin
