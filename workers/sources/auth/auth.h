// What the ingress tells of people who sign in:
//
//   {"id": "<uuid>", "type": "user.signed_in", "created": "2025-07-25T17:12:41Z",
//    "data": {"id": "<user>", "provider": "github", "subject": "17", "email": null, "name": "Ada"}}
//
// read strictly into the domain's facts. Users who sign in are of the default org and of live mode.
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

inline constexpr std::string_view kAuth = "auth";

Source auth_source();

}  // namespace penstock
