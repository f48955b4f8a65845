// An attempt of a webhook as clients read it (contract.md, `/webhooks/logs`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/json/writer.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock::admin {

// The config's id within its org; of an app's endpoint that as it is ("app/courses").
std::string_view config_id_of(const DeliveryAttempt& attempt);

// `body`: what was sent; nullopt where it is no longer kept.
void encode_attempt(json::Writer& out, const DeliveryAttempt& attempt, Timestamp sent_at,
                    const std::optional<std::string>& body);

}  // namespace penstock::admin
