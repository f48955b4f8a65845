// What standalone says on stdout when it serves: where things are, and lines to try that work as they stand.
#pragma once

#include <string>

#include "common/config/generated.h"

namespace penstock {

// Names files, never what is in them.
void print_banner(const Settings& settings, const GeneratedFiles& files, const std::string& public_address,
                  const std::string& admin_address);

}  // namespace penstock
