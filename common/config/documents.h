// The table of settings as text for people: one writer a form.
#pragma once

#include <string>

namespace penstock {

std::string settings_help();      // --help-config
std::string settings_toml();      // deploy/penstock.toml: every setting, commented out
std::string settings_markdown();  // docs/configuration.md

}  // namespace penstock
