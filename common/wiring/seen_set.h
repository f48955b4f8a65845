// The seen set that the settings name.
#pragma once

#include <memory>

#include "common/config/settings.h"
#include "common/ports/seen_set.h"
#include "common/ports/store.h"

namespace penstock {

// Redis, under the id of the store, or one that remembers nothing. Asks the store who it is and connects when
// it is first used. While the store does not say, calls are unavailable; one in a second asks again, and
// waits for as long as the store's deadlines allow. The store must outlive it.
std::unique_ptr<SeenSet> open_seen_set(const Settings& settings, Store& store);

}  // namespace penstock
