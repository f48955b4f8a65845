// What came of what was sent: written as attempts that operators read, and as what is to be done next.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/http_sender.h"
#include "common/ports/store.h"
#include "workers/deliveries/verdict.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

// One request that has come back, with an answer or without.
struct SentDelivery {
  Delivery delivery;  // as it was when it was sent
  std::string url;
  HttpFields fields;
  Timestamp sent_at;
  SendResult<OutgoingAnswer> result;
};

// The row of an attempt: of no delivery yet (delivery, attempt, status and next_attempt_at are the caller's to fill in), its id made of
// the moment at which it was sent.
DeliveryAttempt attempt_of(const SentDelivery& sent);

// Writes an attempt of each, and what has become of its delivery, in one transaction; one that is gone by now has neither. `luck` in [0, 1)
// moves the next attempts. Gives the deliveries back as they are now. Errors: the store's; then nothing is written. Blocks on it.
Result<std::vector<Delivery>> write_results(Store& store, const Clock& clock,
                                            const std::vector<Milliseconds>& schedule, double luck,
                                            std::span<const SentDelivery> results);

}  // namespace penstock
