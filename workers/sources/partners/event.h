// What all events of partners have in common.
#pragma once

#include "common/core/result.h"
#include "common/json/value.h"
#include "workers/domain/event/event.h"
#include "workers/sources/sources.h"

namespace penstock::partners {

// Partners of one org may use one event id, so `meta.id` is the whole key. Without `created` it is the record's time.
struct Event {
  EventMeta meta;
  json::Document body;

  json::Value data() const { return body.root()["data"]; }
};

// Errors are `invalid`, the detail "wrong_shape: " and the path that is wrong.
Result<Event> read_event(const RawEvent& raw, json::Document body);

}  // namespace penstock::partners
