// What holders of API keys and users with a session post, as the doors take it in: `ce_source` names their org,
// "api/acme", and `ps_principal` who it was.
//
//   report.created   {"reportable_id", "reportable_type", "reason", "description"?}; the report's id is the event's
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

// Of sources and event keys, up to the slash.
inline constexpr std::string_view kApi = "api";

Source api_source();

}  // namespace penstock
