// The store that the settings name.
#pragma once

#include <memory>

#include "common/config/settings.h"
#include "common/ports/store_adapter.h"

namespace penstock {

// `settings.store` must be set. Errors: as the adapter's. PostgreSQL is connected to when it is first used.
Result<std::unique_ptr<StoreAdapter>> open_store(const Settings& settings);

}  // namespace penstock
