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

// "org-17"
std::string org_name(std::size_t n);

// A connector of each of that many orgs, of the kind `platform`, whose events that secret signs, and a workflow that each of Stripe's
// events of EventBodies starts.
std::vector<registry::Change> make_connectors(std::size_t count, std::string_view secret);

// Of ten settings eight are partners, one is an API key and one a ban, each with secrets and hashes of its own.
registry::Change make_setting(std::size_t n);

}  // namespace penstock::bench
