// An event as the domain sees it: who says what about which object. Its source has read it from the raw body.
#pragma once

#include <optional>
#include <string>

#include "common/core/describe.h"
#include "common/core/ids.h"
#include "common/core/time.h"
#include "workers/domain/event/scope.h"

namespace penstock {

// Orders events about one object: by creation second, then by where in the object's life the event type
// stands, then by event id, so that the order is total and the same for every order of arrival.
struct EventVersion {
  Timestamp created;
  std::int64_t rank = 0;
  std::string event;
  auto operator<=>(const EventVersion&) const = default;
};
BOOST_DESCRIBE_STRUCT(EventVersion, (), (created, rank, event))

struct EventMeta {
  EventKey key;
  std::string id;  // tells it from every other event of its scope
  std::string type;
  Timestamp created;
  std::optional<std::string> account;  // the connected account it belongs to
  bool livemode = false;
  std::optional<std::string> org = {};  // none is the default one

  Scope scope() const { return {livemode, account, org}; }
  EventVersion version(std::int64_t rank) const { return {created, rank, id}; }
};

}  // namespace penstock
