// What orgs publish to their own receivers, as the door takes it in: `ce_source` names the org, "events/acme", `ce_type` is the type
// published, `ce_time` when it happened, and the body has its `data`.
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

// Of sources and event keys, up to the slash. Not "api": keys that clients choose for confirmations are of that scope.
inline constexpr std::string_view kPublished = "events";

Source published_source();

}  // namespace penstock
