// The door of partner systems: POST /v1/webhooks/partners/{partner}, signed by the partner's scheme.
#pragma once

#include <chrono>

#include "common/catalogue/catalogue.h"
#include "common/registry/table.h"
#include "ingress/intake/intake.h"

namespace penstock {

struct PartnerDoorOptions {
  std::chrono::seconds tolerance{300};  // for the age of a signature, where its scheme says it
};

// A signature that does not hold is 401; a partner that is not known 404, after as much work as that takes; one that is
// disabled 403 when it has signed, else as if it were not known. While the settings are not known yet, or this partner's
// cannot be opened, 503: it may be genuine. The catalogue and the table must outlive the door.
Door partner_door(const PartnerDoorOptions& options, const Catalogue& catalogue,
                  const registry::Table& settings);

}  // namespace penstock
