// What is sent of an outbound event, and how it is signed: contract.md, "Outbound attempts"; Standard Webhooks 1.0
// (github.com/standard-webhooks/standard-webhooks). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/core/time.h"
#include "common/ports/http_sender.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {

// The id under which receivers know an outbox row of that id: the nonce. Of what an org has published ("events/acme:reward-7") the id that
// it gave; all others, which are UUIDs, as they are.
std::string_view envelope_id(std::string_view outbox_id) noexcept;

// {"id", "type", "timestamp", "data"}: the same bytes on every attempt, and in the feed.
std::string envelope(const OutboxRow& event, Timestamp created_at);

// X-Signature by the newest secret, X-Signature-Previous by the one before, webhook-signature by both. The id is the nonce: the
// same on every attempt. `secrets` has one or two, the newest first.
HttpFields signed_fields(std::string_view id, std::string_view body, std::span<const std::string> secrets,
                         Timestamp now);

// The request that carries it. In cleartext where the sender's address policy allows that.
OutgoingRequest request_to(const std::string& url, const HttpFields& fields, const std::string& body,
                           Milliseconds timeout);

}  // namespace penstock
