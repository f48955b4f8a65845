// The record of a confirmation: CloudEvents headers in Kafka's binary mode, keyed by the payment. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_record.h"

namespace penstock {

struct Confirmation {
  std::string_view id;  // of the event, within the org
  std::string_view org;
  std::string_view key_id;   // of the API key that it came with
  std::string_view payment;  // "cs_…" or "pi_…"
};

Record confirmation_record(const Confirmation& confirmation, std::string body, const Catalogue& catalogue,
                           Timestamp received_at);

}  // namespace penstock
