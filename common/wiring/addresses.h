// What the log and the store are called in messages to operators: kind and address, never a password.
#pragma once

#include <string>

#include "common/config/settings.h"

namespace penstock {

// "kafka at h1:9092,h2:9092", "sqlite at /var/lib/penstock/log.db"
std::string log_address(const Settings& settings);
// "postgresql at h1:5432/penstock", "sqlite at /var/lib/penstock/state.db"
std::string store_address(const Settings& settings);

}  // namespace penstock
