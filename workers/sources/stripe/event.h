// What all snapshot events of Stripe have in common.
#pragma once

#include "common/core/result.h"
#include "common/json/value.h"
#include "workers/domain/event/event.h"

namespace penstock::stripe {

struct Event {
  EventMeta meta;
  json::Document body;

  json::Value object() const { return body.root()["data"]["object"]; }
  json::Value previous_attributes() const { return body.root()["data"]["previous_attributes"]; }
};

// Errors are `invalid`, the detail "wrong_shape: " and the path that is wrong.
Result<Event> read_event(const EventKey& key, json::Document body);

}  // namespace penstock::stripe
