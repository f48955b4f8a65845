#include "workers/runtime/applier.h"

#include "common/observe/log.h"
#include "workers/runtime/backoff.h"

namespace penstock {
namespace {

constexpr int kConflictsMax = 20;
constexpr Milliseconds kConflictDelayMin{2};

enum class Fate { this_row, conflict, not_now };

Fate fate_of(ErrorCode code) {
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

void reject(Incoming& incoming, std::string_view error_class, const Error& error, bool alert) {
  ++incoming.attempts;
  incoming.rejected = Rejection{std::string(error_class), storable_message(error.detail), alert};
}

}  // namespace

bool Applier::apply(std::vector<Incoming> batch) {
  Backoff after_conflict(kConflictDelayMin, options_.retry_delay_min);
  Backoff after_failure(options_.retry_delay_min, options_.retry_delay_max);
  int conflicts = 0;
  for (;;) {
    const auto settled = apply_batch(context_, batch);
    if (settled) {
      finish(batch, settled.value());
      return true;
    }
    const Error& error = settled.error();
    context_.metrics.batch_retried(options_.pool, to_string(error.code));
    // An event that is to be parked already is no poison: what fails is the parking.
    const bool parks_alone = batch.size() == 1 && batch.front().rejected.has_value();
    switch (parks_alone ? Fate::not_now : fate_of(error.code)) {
      case Fate::this_row:
        if (batch.size() > 1) return apply_halves(std::move(batch));
        reject(batch.front(), "store_rejected", error, false);
        break;
      case Fate::conflict:
        if (++conflicts < kConflictsMax) {
          if (!hooks_.hold(after_conflict.next())) return false;
          break;
        }
        conflicts = 0;
        health_.failed(error, options_.store_address);
        log::warn("batch conflicts again and again", {{"pool", options_.pool},
                                                      {"events", batch.size()},
                                                      {"tries", kConflictsMax},
                                                      {"detail", error.detail}});
        if (batch.size() > 1) return apply_halves(std::move(batch));
        reject(batch.front(), "conflict", error, true);
        break;
      case Fate::not_now:
        note_failure(error, batch.size());
        if (!hooks_.hold(after_failure.next())) return false;
        if (error.code == ErrorCode::timeout && batch.size() > 1) return apply_halves(std::move(batch));
        break;
    }
  }
}

bool Applier::apply_halves(std::vector<Incoming> batch) {
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  std::vector<Incoming> second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
  batch.erase(middle, batch.end());
  return apply(std::move(batch)) && apply(std::move(second));
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

void Applier::finish(const std::vector<Incoming>& batch, const std::vector<Settled>& settled) {
  if (std::exchange(failing_, false))
    log::info("batch applied after retries", {{"pool", options_.pool}, {"events", batch.size()}});
  health_.applied(batch.size());
  context_.metrics.batch_done(options_.pool, batch.size());
  for (const auto& each : settled) context_.metrics.event_done(options_.pool, each.outcome);
  for (const auto& incoming : batch)
    if (const Rejection* why = incoming.why_parked())
      log::warn("event parked", {{"pool", options_.pool},
                                 {"event", incoming.key.value},
                                 {"reason", why->error_class},
                                 {"detail", why->message}});
  hooks_.applied(batch, settled);
}

}  // namespace penstock
