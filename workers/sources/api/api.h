// What holders of API keys post, as the doors take it in: `ce_source` names their org, "api/acme".
//
//   payment.confirmed   {"payment_id": "cs_…" or "pi_…"}
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

// Of sources and event keys, up to the slash.
inline constexpr std::string_view kApi = "api";

Source api_source();

}  // namespace penstock
