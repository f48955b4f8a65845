// Settings in numbers: what the benchmarks load.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/registry/table.h"

namespace penstock::bench {

// "partner-17"
std::string partner_name(std::size_t n);

// That many partners of the default org, each of which signs by `x-signature` with that secret.
std::vector<registry::Change> make_partners(std::size_t count, std::string_view secret);

// Of ten settings eight are partners, one is an API key and one a ban, each with secrets and hashes of its own.
registry::Change make_setting(std::size_t n);

}  // namespace penstock::bench
