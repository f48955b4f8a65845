// How many files, sockets included, this process may have open.
#pragma once

#include <cstdint>

namespace penstock {

// Raises the limit as far as this process may (RLIMIT_NOFILE to its hard limit: distributions keep the soft
// one low for the sake of select(), which nothing here uses) and returns what it is then.
std::uint64_t raise_open_files_limit() noexcept;

}  // namespace penstock
