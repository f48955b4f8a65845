// Settings under the master key: what stores, carries or copies them can neither read nor make one.
#pragma once

#include <string>
#include <string_view>

#include "common/crypto/sealer.h"
#include "common/registry/values.h"

namespace penstock::registry {

// Settings and what changes them travel in this topic, keyed as values.h says.
inline constexpr std::string_view kSettingsTopic = "settings";

// Sealed for its key: under another it does not open.
std::string seal_setting(const crypto::Sealer& sealer, std::string_view key, const Setting& setting);
// Errors: as Sealer::open() and decode().
Result<Setting> open_setting(const crypto::Sealer& sealer, std::string_view key, std::string_view sealed);

}  // namespace penstock::registry
