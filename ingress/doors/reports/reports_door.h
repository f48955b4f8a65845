// POST /v1/reports: a user or a service reports something of the platform's to its moderators.
#pragma once

#include <cstdint>
#include <memory>

#include "common/catalogue/catalogue.h"
#include "common/registry/table.h"
#include "ingress/claims/claims.h"
#include "ingress/intake/intake.h"
#include "ingress/sessions/sessions.h"

namespace penstock {

// With `X-API-Key`, whose scope must be reports:write, or with a session; one that brings both comes in by its key. A 201
// means: acknowledged by the log; its body is the report.
//
// With an Idempotency-Key the first report of its reporter under that key is answered to each request, whatever its body
// says, for as long as claims hold (claims.h). Without one a request has nothing to do with claims.
//
// Whoever is banned has no session any more (standing.h). How much one reporter may ask is bounded by their rate, requests that
// are refused for another reason included; each ingress counts by itself.
struct ReportsDoorOptions {
  std::uint32_t per_minute_of_user = 0;  // as many at once; 0: no limit
  std::uint32_t per_minute_of_key = 0;   // likewise, of an API key
};

// All that it is given must outlive the door.
struct ReportsDoorPorts {
  const registry::Table& settings;
  const Sessions& sessions;
  std::weak_ptr<Claims> claims;  // weak: who waits in them for a claim holds the door
};
Door reports_door(const ReportsDoorOptions& options, ReportsDoorPorts ports, const Catalogue& catalogue);

}  // namespace penstock
