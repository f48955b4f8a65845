// The record of a verified partner event. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_record.h"

namespace penstock {

struct PartnerOrigin {
  std::string_view partner;
  std::string_view org;  // whose the partner is
};

// Anything is given a record: what is no event of this shape goes to the unrouted topic. `fallback_id` becomes the event's id
// when the body has none that can be used.
Record partner_record(const PartnerOrigin& origin, std::string body, const Catalogue& catalogue,
                      Timestamp received_at, std::string (*fallback_id)(Timestamp));

}  // namespace penstock
