// The fast path of dedupe: which record applied an event lately. It may forget anything at any time, and it
// never decides alone: the store's inbox is the truth. Adapters: Redis, none.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/core/ids.h"
#include "common/core/result.h"
#include "common/ports/event_log.h"

namespace penstock {

// An event and the record that applied it.
struct SeenEvent {
  EventKey key;
  Position position;
};

// Each instance is used by one thread at a time. Calls block, for the adapter's short deadline at most, but
// for those that first have to learn what they are to be the seen set of.
class SeenSet {
 public:
  virtual ~SeenSet() = default;

  // For each key the position it was marked with, when it is still remembered. One round trip.
  virtual Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) = 0;

  // Remembers the events for the set's TTL. Call it after the store has
  // committed, never before. One round trip.
  virtual Status mark(std::span<const SeenEvent> events) = 0;
};

}  // namespace penstock
