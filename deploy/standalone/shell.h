// Lines for people to paste into a shell.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/config/settings.h"

namespace penstock {

// The text as one word of a POSIX shell.
std::string shell_word(const std::string& text);

// What puts a secret into place: the file it is in, or the variable it was set by when `file` is empty (its
// name, or an expansion of it in braces).
std::string shell_value(const std::filesystem::path& file, std::string_view variable);

// Where a listener that binds `address` is reached from this machine: all
// interfaces are also the loopback one.
Address reachable(const Address& address);

// The command that reads `path` of the admin API; `token` is a shell_value().
std::string admin_curl(const std::string& address, const std::string& token, const std::string& path);

}  // namespace penstock
