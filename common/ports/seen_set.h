// The fast path of dedupe: event keys that were applied lately. It may forget anything at any time; the
// store's inbox is the truth. Adapters: Redis, none.
#pragma once

#include <span>
#include <vector>

#include "common/core/ids.h"
#include "common/core/result.h"

namespace penstock {

// Each instance is used by one thread at a time. Calls block, for the adapter's short deadline at most.
class SeenSet {
 public:
  virtual ~SeenSet() = default;

  // For each key, whether it was marked and is still remembered. One round trip.
  virtual Result<std::vector<bool>> seen(std::span<const EventKey> keys) = 0;

  // Remembers the keys for the set's TTL. Call it after the store has committed, never before. One round
  // trip.
  virtual Status mark(std::span<const EventKey> keys) = 0;
};

}  // namespace penstock
