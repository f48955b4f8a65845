// What the door must know of a verified body to choose its topic and key. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/time.h"

namespace penstock {

// Absent, and what is no string of 1 to 255 characters of A-Z a-z 0-9 _ . : - (in
// `type` also [ and ]), is empty.
struct EventSummary {
  std::string id;
  std::string type;
  std::string object;  // "event", or "v2.core.event" of a thin one
  std::string account;
  std::optional<bool> livemode;
  std::optional<Timestamp> created;
  std::string object_id;       // data.object.id
  std::string payment_intent;  // of data.object, as an id or as the id of an expanded object; null is absent
  std::string charge;
  std::string subscription;  // also parent.subscription_details.subscription (2025-03-31 and later)
};

// Is it an event, and no thin one? Its type is for the catalogue to judge.
bool is_snapshot_event(const EventSummary& event) noexcept;

// nullopt when this is not one JSON object. A tolerant scan in one pass, linear in time and constant in
// memory: the worker does the strict parse. Of a repeated member the last one counts.
std::optional<EventSummary> summarise(std::string_view body);

}  // namespace penstock
