// Applies a batch for as long as it takes, whatever the store says meanwhile.
//
// - This row: the batch is halved until the event stands alone, and that one is parked.
// - Conflict: tried again. After 20 tries without progress it is said and the batch halved, and an event that
//   conflicts alone is parked with an alert.
// - Not now: waits and tries again without end: damage, rights, a full disk, an unknown error are no event's
//   fault. After a timeout, or ten failures of any kind, the batch is halved, so that a slow store gets on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/async/backoff.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/pool_health.h"

namespace penstock {

struct ApplierOptions {
  std::string pool;
  Milliseconds retry_delay_min{100};
  Milliseconds retry_delay_max{10'000};
  std::string store_address;  // for messages
};

// Called from finish().
struct ApplierHooks {
  // Waits so long while the events stay this worker's. False: they no longer are, or it has to stop.
  std::function<bool(Milliseconds)> hold;
  // These events are done.
  std::function<void(const std::vector<Incoming>&, const std::vector<Settled>&)> applied;
};

// What became of each event, or why nothing did.
using Tried = Result<std::vector<Settled>>;

// All it is given must outlive it.
class Applier {
 public:
  Applier(ApplierOptions options, BatchContext context, PoolHealth& health, ApplierHooks hooks)
      : options_(std::move(options)),
        context_(std::move(context)),
        health_(health),
        hooks_(std::move(hooks)) {}

  // The first try, of one event at least. May be called while another thread is in finish(), which must not be about a
  // failed one.
  Tried try_once(std::vector<Incoming>& batch) const { return apply_batch(context_, batch); }

  // Goes on from there, for as long as it takes; used by one thread. True: each event's inbox row is
  // committed. False: hold() said so, and the events come again.
  bool finish(std::vector<Incoming> batch, Tried tried);

 private:
  // Of one batch.
  struct Tries {
    explicit Tries(const ApplierOptions& options);
    Backoff after_conflict, after_failure;
    int conflicts = 0;
    int failures = 0;
  };
  enum class Step { again, halve, give_up };

  Step next_step(const Error& error, std::vector<Incoming>& batch, Tries& tries);
  Step reject(Incoming& incoming, Rejection why, Tries& tries);
  Step back_off(const Error& error, std::size_t events, Tries& tries);
  Step wait(Milliseconds delay);
  bool apply(std::vector<Incoming> batch);
  bool apply_halves(std::vector<Incoming> batch);
  void note_conflicts(const Error& error, std::size_t events);
  void note_failure(const Error& error, std::size_t events);
  void mark_done(const std::vector<Incoming>& batch, const std::vector<Settled>& settled);

  const ApplierOptions options_;
  const BatchContext context_;
  PoolHealth& health_;
  const ApplierHooks hooks_;
  bool failing_ = false;  // said once
};

}  // namespace penstock
