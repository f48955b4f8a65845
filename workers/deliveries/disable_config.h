// What becomes of an endpoint whose receiver has said that it is gone (410).
#pragma once

#include <string_view>

#include "workers/settings/setting_writer.h"

namespace penstock {

// Disables the config, as an operator would, and raises the alert `endpoint_gone`. Of one that is disabled already or deleted nothing;
// of an app, whose payments would then be nobody's, the alert alone. Blocks. Errors: those of store_setting().
Status disable_config(const SettingPorts& ports, std::string_view endpoint);

}  // namespace penstock
