// The door of orgs' own Stripe accounts: POST /v1/orgs/{org}/integrations/stripe[?secret=…], signed with a secret of the org's
// connector.
#pragma once

#include <chrono>

#include "common/catalogue/catalogue.h"
#include "common/registry/table.h"
#include "common/waits/table.h"
#include "ingress/intake/intake.h"

namespace penstock {

struct ConnectorDoorOptions {
  std::chrono::seconds tolerance{300};  // for the age of a signature
};

// An org without a connector, a wrong `secret` and one where none is configured are refused like a signature that does not hold,
// after as much work. What is decided about the event (connector_decision.h) is answered when its record is durable, and stands in
// it. While the settings or the waits are not known yet, or this connector's cannot be opened, 503. All must outlive the door.
Door connector_door(const ConnectorDoorOptions& options, const Catalogue& catalogue,
                    const registry::Table& settings, const waits::Table& waits);

}  // namespace penstock
