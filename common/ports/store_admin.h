// The upkeep of the store.
#pragma once

#include "common/core/result.h"
#include "common/core/time.h"

namespace penstock {

// Both may be called from any thread, and block.
class StoreAdmin {
 public:
  virtual ~StoreAdmin() = default;

  // Brings the schema to this program's version; idempotent, safe from two places at once. Takes as long as a
  // large store needs to be rewritten.
  virtual Status migrate() = 0;
  // Makes room ahead and drops inbox rows that were received longer than `inbox_age` ago; parked ones stay.
  // One bounded run, which holds no lock for long: true when there is more to do, so call again. Safe to run
  // often and from several places.
  virtual Result<bool> maintain(Timestamp now, Milliseconds inbox_age) = 0;
  // Drops outbound events that were published before `events_before`, with their deliveries, and attempts that were sent before
  // `attempts_before`. Likewise in bounded runs.
  virtual Result<bool> prune_outbound(Timestamp events_before, Timestamp attempts_before) = 0;
};

}  // namespace penstock
