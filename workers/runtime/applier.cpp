#include "workers/runtime/applier.h"

#include <map>

#include "common/core/check.h"
#include "common/observe/log.h"
#include "workers/runtime/dead_letters.h"

namespace penstock {
namespace {

constexpr int kConflictsMax = 20;
constexpr Milliseconds kConflictDelayMin{2};
// After so many failures a batch is halved whatever they are: it may be too much for the store in a way that
// does not look like a timeout.
constexpr int kFailuresMax = 10;

enum class Fate { this_row, conflict, not_now };

Fate meaning_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return Fate::this_row;
    case ErrorCode::conflict:
      return Fate::conflict;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::overloaded:
    case ErrorCode::not_found:
    case ErrorCode::wrong_schema:
    case ErrorCode::fenced:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return Fate::not_now;
  }
  return Fate::not_now;
}

// An event that stands alone and is to be parked already is no poison: what fails is the parking, and the row
// that says so has nothing in it that could be wrong. So the store is in trouble, and may have been when it
// refused the event.
Fate fate_of(const Error& error, std::vector<Incoming>& batch) {
  const Fate fate = meaning_of(error.code);
  if (fate == Fate::not_now || batch.size() > 1) return fate;
  auto& rejected = batch.front().rejected;
  if (!rejected) return fate;
  if (rejected->by_store) rejected.reset();
  return Fate::not_now;
}

}  // namespace

Applier::Tries::Tries(const ApplierOptions& options)
    : after_conflict(kConflictDelayMin, options.retry_delay_min),
      after_failure(options.retry_delay_min, options.retry_delay_max) {}

bool Applier::finish(std::vector<Incoming> batch, Tried tried) {
  CHECK(!batch.empty());
  Tries tries(options_);
  while (!tried) {
    context_.metrics.batch_retried(options_.pool, to_string(tried.error().code));
    switch (next_step(tried.error(), batch, tries)) {
      case Step::again:
        break;
      case Step::halve:
        return apply_halves(std::move(batch));
      case Step::give_up:
        return false;
    }
    tried = try_once(batch);
  }
  mark_done(batch, tried.value());
  return true;
}

bool Applier::apply(std::vector<Incoming> batch) {
  Tried tried = try_once(batch);
  return finish(std::move(batch), std::move(tried));
}

Applier::Step Applier::next_step(const Error& error, std::vector<Incoming>& batch, Tries& tries) {
  const bool alone = batch.size() == 1;
  switch (fate_of(error, batch)) {
    case Fate::this_row:
      return alone ? reject(batch.front(), {"store_rejected", storable_message(error.detail), false, true},
                            tries)
                   : Step::halve;
    case Fate::conflict:
      if (++tries.conflicts < kConflictsMax) return wait(tries.after_conflict.next());
      tries.conflicts = 0;
      note_conflicts(error, batch.size());
      return alone ? reject(batch.front(), {"conflict", storable_message(error.detail), true, true}, tries)
                   : Step::halve;
    case Fate::not_now:
      break;
  }
  return back_off(error, batch.size(), tries);
}

// A store of another schema refuses what is right.
Applier::Step Applier::reject(Incoming& incoming, Rejection why, Tries& tries) {
  if (const auto ready = context_.store.ready(); !ready) return back_off(ready.error(), 1, tries);
  ++incoming.attempts;
  incoming.rejected = std::move(why);
  return Step::again;
}

Applier::Step Applier::back_off(const Error& error, std::size_t events, Tries& tries) {
  note_failure(error, events);
  const Step step = wait(tries.after_failure.next());
  if (step == Step::give_up || events == 1) return step;
  return error.code == ErrorCode::timeout || ++tries.failures == kFailuresMax ? Step::halve : step;
}

Applier::Step Applier::wait(Milliseconds delay) { return hooks_.hold(delay) ? Step::again : Step::give_up; }

bool Applier::apply_halves(std::vector<Incoming> batch) {
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  std::vector<Incoming> second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
  batch.erase(middle, batch.end());
  return apply(std::move(batch)) && apply(std::move(second));
}

void Applier::note_conflicts(const Error& error, std::size_t events) {
  health_.failed(error, options_.store_address);
  log::warn(
      "batch conflicts again and again",
      {{"pool", options_.pool}, {"events", events}, {"tries", kConflictsMax}, {"detail", error.detail}});
}

void Applier::note_failure(const Error& error, std::size_t events) {
  health_.failed(error, options_.store_address);
  if (std::exchange(failing_, true)) return;
  log::warn("events cannot be applied now, backing off", {{"pool", options_.pool},
                                                          {"events", events},
                                                          {"code", to_string(error.code)},
                                                          {"detail", error.detail},
                                                          {"store", options_.store_address}});
}

void Applier::mark_done(const std::vector<Incoming>& batch, const std::vector<Settled>& settled) {
  if (std::exchange(failing_, false))
    log::info("batch applied after retries", {{"pool", options_.pool}, {"events", batch.size()}});
  health_.applied(batch.size());
  context_.metrics.batch_done(options_.pool, batch.size());
  std::map<Outcome, std::size_t> outcomes;
  for (const auto& each : settled) ++outcomes[each.outcome];
  for (const auto& [outcome, events] : outcomes) context_.metrics.events_done(options_.pool, outcome, events);
  for (std::size_t at = 0; at < batch.size(); ++at)
    if (settled[at].outcome == Outcome::parked) log_parked(options_.pool, batch[at]);
  hooks_.applied(batch, settled);
}

}  // namespace penstock
