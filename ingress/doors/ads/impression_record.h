// The record of an impression: CloudEvents headers in Kafka's binary mode, keyed by the ad. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_record.h"

namespace penstock {

// With a key its ce_id is a UUIDv5 of ad and key. Without one it has no ce_id, and is known by its place in
// the log alone. `ad` must be a UUID.
Record impression_record(std::string_view ad, std::optional<std::string_view> idempotency_key,
                         std::string body, const Catalogue& catalogue, Timestamp received_at);

}  // namespace penstock
