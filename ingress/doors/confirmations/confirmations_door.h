// POST /v1/webhook/payment-succeeded: a service of the platform's, or of an org's, confirms that a payment was paid.
#pragma once

#include "common/catalogue/catalogue.h"
#include "common/registry/table.h"
#include "ingress/intake/intake.h"

namespace penstock {

// For holders of an API key with the scope payments:confirm. The body is {"payment_id": "cs_…" or "pi_…"} and nothing
// else; whether there is such a payment, the workers find out. With an Idempotency-Key, which becomes the event's id, the
// same confirmation may be posted again; without one each is an event of its own. The catalogue and the table must
// outlive the door.
Door confirmations_door(const Catalogue& catalogue, const registry::Table& settings);

}  // namespace penstock
