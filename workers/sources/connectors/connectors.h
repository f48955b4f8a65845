// Events that the Stripe accounts of orgs post to their connectors. What comes of one was decided by its door, which has written
// it into the record's header `ps_decision`; the body says what the runs that it starts will compare.
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

// Of sources and event keys, up to the slash: `org/acme`.
inline constexpr std::string_view kConnectors = "org";

Source connector_source();

}  // namespace penstock
