// One batch in one store transaction: which events are new, what each changes, and all of it written at once.
//
// Exactly once rests here: the inbox row of an event is inserted in the same transaction as its
// effects, and a row of that key that is there already (now or by the time of the commit) keeps
// the effects from happening again. What has no id is known by its place instead (counting.h).
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

// Writes what was changed in the view. Errors as StoreBatch::write.
Status write_changes(StoreBatch& batch, View view, Timestamp now);

// Makes one decision outside the log (an operator's request, a timer) in a transaction of its own, under
// `by`. Tries again after conflicts, a bounded number of times.
struct Decision {
  EventKey by;
  std::function<void(const View&, Reads&)> name_reads;
  std::function<Result<Effects>(const View&)> decide;
  std::optional<AuditRow> audit = {};  // added along with what an applied decision changes
};
Result<Effects> carry_out(Store& store, const Clock& clock, const Decision& decision);

// Makes dead letters durable before their inbox rows say "parked". Blocks until acknowledged. Its errors are
// never `invalid`: they say nothing about the events.
using ParkAll = std::function<Status(const std::vector<Incoming*>&)>;

struct BatchContext {
  Store& store;
  const Clock& clock;
  const Sources& sources;
  const Policy& policy;
  WorkerMetrics& metrics;
  ParkAll park;
};

// What became of an event, and the record that it was applied by: this one, or the one before of a duplicate.
struct Settled {
  Outcome outcome = Outcome::applied;
  Position applied_by;
};

// Applies the events in order and says what became of each; each is done then, since its inbox row
// is committed. Events that were rejected on the way in, or that no rule can take, are parked. An
// event that is in the inbox already has one delivery more, unless this very record was counted
// before; its body is not looked at.
//
// Errors: invalid (some row cannot be stored: split the batch), conflict (load again), anything else: not
// now, also when the outcome of the commit is unknown.
Result<std::vector<Settled>> apply_batch(const BatchContext& context, std::vector<Incoming>& batch);

}  // namespace penstock
