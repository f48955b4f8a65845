// The record of a verified Stripe body: topic and key by the catalogue, CloudEvents
// headers in Kafka's binary mode. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_log.h"
#include "ingress/doors/stripe/event_summary.h"

namespace penstock {

// `fallback_id` becomes the event's id when the body has none that can be used. Anything is given a record:
// what is no event goes to the unrouted topic.
Record stripe_record(std::string body, const Catalogue& catalogue, Timestamp received_at,
                     std::string (*fallback_id)(Timestamp));

// What the headers of a record say of an event of Stripe's, whoever has posted it.
Headers stripe_headers(EventSummary event, std::string_view source, Timestamp received_at);

}  // namespace penstock
