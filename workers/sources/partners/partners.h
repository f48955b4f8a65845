// Events of partners, whichever scheme they sign by:
//
//   {"id": "e-17", "type": "invoice.paid", "created"?: "2025-07-25T17:12:41Z" | 1753463561, "data": {…}}
//
// read strictly into the domain's facts. They are of live mode. Their org is the partner's, which the door has put into
// the record's header `ps_org`; what an event names is of that org.
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

// Of sources and event keys, up to the slash: `partner/acme`.
inline constexpr std::string_view kPartner = "partner";

Source partner_source();

}  // namespace penstock
