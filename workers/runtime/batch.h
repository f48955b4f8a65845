// One batch in one store transaction: which events are new, what each changes, and all of it written at once.
//
// Exactly once rests here: the inbox row of an event is inserted in the same transaction as its effects, and
// a row of that key that is there already (now or by the time of the commit) keeps the effects from happening
// again.
#pragma once

#include <functional>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/store.h"
#include "workers/runtime/incoming.h"
#include "workers/runtime/metrics.h"

namespace penstock {

// Loads the rows that `name_reads` names, until it names no more. Errors as StoreBatch::load; corrupt when a
// stored row cannot be read back.
Status load_closure(StoreBatch& batch, View& view, const std::function<void(Reads&)>& name_reads);

// Makes one decision outside the log (an operator's request, a timer) in a transaction of its own, under
// `by`. Tries again after conflicts, a bounded number of times.
struct Decision {
  EventKey by;
  std::function<void(const View&, Reads&)> name_reads;
  std::function<Result<Effects>(const View&)> decide;
};
Result<Effects> carry_out(Store& store, const Clock& clock, const Decision& decision);

// Makes dead letters durable before their inbox rows say "parked". Blocks until acknowledged.
using ParkAll = std::function<Status(std::vector<Incoming*>&)>;

struct BatchContext {
  Store& store;
  const Clock& clock;
  const Policy& policy;
  WorkerMetrics& metrics;
  ParkAll park;
};

// Applies the events in order and returns the outcome of each. Events that were rejected on the way in, or
// that no rule can take, are parked. Errors: conflict, unavailable, timeout (the whole batch may be tried
// again, also when the outcome of the commit is unknown); invalid (some row cannot be stored: split the
// batch).
Result<std::vector<Outcome>> apply_batch(const BatchContext& context, std::vector<Incoming>& batch);

}  // namespace penstock
