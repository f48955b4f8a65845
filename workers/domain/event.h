// An event as the domain sees it: who says what about which object. Built from the raw body in one strict
// parse.
#pragma once

#include <optional>
#include <string>

#include "common/core/ids.h"
#include "common/core/result.h"
#include "common/core/time.h"
#include "common/json/value.h"
#include "workers/domain/scope.h"

namespace penstock {

// Orders events about one object: by creation second, then by where in the object's life the event type
// stands, then by event id, so that the order is total and the same for every order of arrival.
struct EventVersion {
  Timestamp created;
  std::int64_t rank = 0;
  std::string event;
  auto operator<=>(const EventVersion&) const = default;
};

struct EventMeta {
  EventKey key;
  std::string id;
  std::string type;
  Timestamp created;
  std::optional<std::string> account;  // the connected account it belongs to
  bool livemode = false;

  Scope scope() const { return {livemode, account}; }
  EventVersion version(std::int64_t rank) const { return {created, rank, id}; }
};

struct Event {
  EventMeta meta;
  json::Document body;

  json::Value object() const { return body.root()["data"]["object"]; }
  json::Value previous_attributes() const { return body.root()["data"]["previous_attributes"]; }
};

// Reads a Stripe snapshot event (`object: "event"`). Errors are `invalid`, the detail "wrong_shape: " and the
// path that is wrong.
Result<Event> read_stripe_event(const EventKey& key, json::Document body);

}  // namespace penstock
