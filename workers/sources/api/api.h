// What holders of API keys and users with a session post, as the doors take it in: `ce_source` names their org,
// "api/acme".
//
//   payment.confirmed   {"payment_id": "cs_…" or "pi_…"}
//   report.created      {"reportable_id", "reportable_type", "reason", "description"?}, by whom `ps_principal` says; the
//                       report's id is the event's
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

// Of sources and event keys, up to the slash.
inline constexpr std::string_view kApi = "api";

Source api_source();

}  // namespace penstock
