// The record of a verified event of a connector. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_record.h"
#include "common/workflows/decision.h"
#include "ingress/doors/stripe/event_summary.h"

namespace penstock {

// `event.id` must not be empty. Keyed by the event, so that the first of its records is the first to be applied. Without a
// decision (nullptr) it is no event, and goes to the unrouted topic.
Record connector_record(std::string_view org, EventSummary event, std::string body,
                        const ConnectorDecision* decision, const Catalogue& catalogue, Timestamp received_at);

}  // namespace penstock
