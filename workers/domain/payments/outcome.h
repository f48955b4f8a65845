// What follows for payments once an event's rows are joined in: money and grants,
// what is told, and the outcome.
#pragma once

#include <string>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/payments/payment.h"

namespace penstock {

// Sessions of these intents, in the rows as they were and as the draft has them, each once: whose refunds an
// event about the intents may change.
std::vector<std::string> sessions_around(const Draft& draft, const std::vector<std::string>& intents);

// Tells payment.succeeded when the payment was not paid before, or payment.failed when it was less than
// failed. Once per payment intent, or per session without one.
void enqueue_status(Draft& draft, PaymentStatus before, const PaymentRows& after, const EventMeta& meta);

// The status that the payment of this session or intent had before the event.
PaymentStatus status_before(const Draft& draft, const std::optional<std::string>& session,
                            const std::optional<std::string>& intent);

// applied when a row changed in anything but event versions, or something was added; else stale when the
// event is older than what the row shows, else duplicate.
Effects conclude(Draft draft, bool is_older);

}  // namespace penstock
