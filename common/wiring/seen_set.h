// The seen set that the settings name.
#pragma once

#include <memory>

#include "common/config/settings.h"
#include "common/ports/seen_set.h"

namespace penstock {

// Redis, or one that remembers nothing. Connects when it is first used.
std::unique_ptr<SeenSet> open_seen_set(const Settings& settings);

}  // namespace penstock
