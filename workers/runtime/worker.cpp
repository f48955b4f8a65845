#include "workers/runtime/worker.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>

#include "common/catalogue/catalogue.h"
#include "common/observe/log.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/periodic.h"

namespace penstock {
namespace {

constexpr Milliseconds kConflictDelayMin{2};

// Waits for several appends at once. Shared with the callbacks, which may outlive a wait that gave up.
class Acknowledgements {
 public:
  explicit Acknowledgements(std::size_t expected) : missing_(expected) {}

  void arrived(const Result<Position>& result) {
    const std::lock_guard lock(mutex_);
    --missing_;
    if (!result && !error_) error_ = result.error();
    all_here_.notify_all();
  }

  Status wait(Milliseconds deadline) {
    std::unique_lock lock(mutex_);
    if (!all_here_.wait_for(lock, deadline, [this] { return missing_ == 0; }))
      return Error{ErrorCode::timeout, Retry::unknown_outcome, "dead letters were not acknowledged in time"};
    if (error_) return *error_;
    return ok();
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t missing_;
  std::optional<Error> error_;
};

// Doubles from min to max, with jitter so that workers do not come back in step.
class Backoff {
 public:
  Backoff(Milliseconds min, Milliseconds max) : min_(min), max_(max) {}

  Milliseconds next() {
    const auto ceiling = std::min(max_, min_ * (1 << std::min(tries_++, 16)));
    std::uniform_int_distribution<Milliseconds::rep> spread(ceiling.count() / 2, ceiling.count());
    return Milliseconds{spread(random_)};
  }

 private:
  Milliseconds min_, max_;
  int tries_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

bool transient(const Error& error) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::overloaded:
    case ErrorCode::conflict:
    case ErrorCode::wrong_schema:
    case ErrorCode::fenced:
    case ErrorCode::internal:
      return true;
    case ErrorCode::invalid:
    case ErrorCode::corrupt:
    case ErrorCode::not_found:
      return false;
  }
  return true;
}

class Worker {
 public:
  Worker(const WorkerOptions& options, const WorkerPorts& ports, const Policy& policy, WorkerMetrics& metrics,
         std::stop_token stop)
      : options_(options),
        ports_(ports),
        metrics_(metrics),
        stop_(std::move(stop)),
        context_{ports.store, ports.clock, policy, metrics,
                 [this](std::vector<Incoming*>& letters) { return park(letters); }} {}

  Status run() {
    TRY_STATUS(join());
    while (!stop_.stop_requested()) {
      auto polled = consumer_->poll(options_.batch_events_max, options_.poll_wait);
      if (!polled) {
        if (polled.error().code == ErrorCode::fenced) return polled.error();
        rest("log unavailable", polled.error());
        continue;
      }
      log_backoff_.reset();
      if (!polled.value().empty()) process(std::move(polled).value());
    }
    return ok();
  }

 private:
  // Joining waits for the log as long as it takes.
  Status join() {
    while (!stop_.stop_requested()) {
      auto joined = ports_.log.subscribe(options_.group, {options_.pool});
      if (joined) {
        consumer_ = std::move(joined).value();
        return ok();
      }
      if (joined.error().code == ErrorCode::fenced) return joined.error();
      rest("log unavailable", joined.error());
    }
    return ok();
  }

  void rest(std::string_view what, const Error& error) {
    if (!log_backoff_) {
      log::warn(what, {{"pool", options_.pool}, {"code", to_string(error.code)}, {"detail", error.detail}});
      log_backoff_.emplace(options_.retry_delay_min, options_.retry_delay_max);
    }
    wait_unless_stopped(stop_, log_backoff_->next());
  }

  void process(std::vector<StoredRecord> records) {
    std::vector<Position> last_done = last_positions(records);
    std::vector<Incoming> batch;
    batch.reserve(records.size());
    for (auto& record : records) batch.push_back(take_in(std::move(record)));
    drop_seen(batch);
    if (!apply(batch)) return;  // these records come again
    if (const auto committed = consumer_->commit(last_done); !committed)
      log::warn("offsets not committed", {{"pool", options_.pool}, {"detail", committed.error().detail}});
  }

  static std::vector<Position> last_positions(const std::vector<StoredRecord>& records) {
    std::map<std::pair<std::string, Partition>, Offset> last;
    for (const auto& record : records) {
      auto& offset = last[{record.position.topic, record.position.partition}];
      offset = std::max(offset, record.position.offset);
    }
    std::vector<Position> positions;
    for (const auto& [where, offset] : last) positions.push_back({where.first, where.second, offset});
    return positions;
  }

  void drop_seen(std::vector<Incoming>& batch) {
    std::vector<EventKey> keys;
    for (const auto& incoming : batch) keys.push_back(incoming.key);
    const Stopwatch watch;
    const auto seen = ports_.seen_set.seen(keys);
    note_seen_set(seen.has_value(), "seen", watch);
    if (!seen) return;
    std::size_t at = 0;
    std::erase_if(batch, [&](const Incoming&) {
      if (!seen.value()[at++]) return false;
      metrics_.event_done(options_.pool, Outcome::duplicate);
      return true;
    });
  }

  void mark_seen(const std::vector<Incoming>& batch) {
    std::vector<EventKey> keys;
    for (const auto& incoming : batch) keys.push_back(incoming.key);
    const Stopwatch watch;
    note_seen_set(ports_.seen_set.mark(keys).has_value(), "mark", watch);
  }

  void note_seen_set(bool answered, std::string_view call, const Stopwatch& watch) {
    metrics_.seen_set_call(call, watch.elapsed());
    if (!answered) metrics_.seen_set_failed();
    if (answered == seen_set_answers_) return;
    seen_set_answers_ = answered;
    if (answered)
      log::info("seen set answers again", {{"pool", options_.pool}});
    else
      log::warn("seen set unavailable, the inbox alone finds duplicates", {{"pool", options_.pool}});
  }

  // False when the records are no longer this worker's, or it has to stop: they will come again.
  bool apply(std::vector<Incoming>& batch) {
    if (batch.empty()) return true;
    Backoff after_conflict(kConflictDelayMin, options_.retry_delay_min);
    Backoff after_failure(options_.retry_delay_min, options_.retry_delay_max);
    bool failed = false;
    for (;;) {
      const auto outcomes = apply_batch(context_, batch);
      if (outcomes) {
        finish(batch, outcomes.value(), failed);
        return true;
      }
      const Error& error = outcomes.error();
      if (!transient(error)) return isolate(batch, error);
      metrics_.batch_retried(options_.pool, to_string(error.code));
      const bool conflict = error.code == ErrorCode::conflict;
      if (!conflict && !failed) {
        failed = true;
        log::warn("store unavailable, backing off",
                  {{"pool", options_.pool}, {"code", to_string(error.code)}, {"detail", error.detail}});
      }
      if (!hold_partitions(conflict ? after_conflict.next() : after_failure.next())) return false;
    }
  }

  void finish(const std::vector<Incoming>& batch, const std::vector<Outcome>& outcomes, bool was_failing) {
    if (was_failing)
      log::info("batch applied after retries", {{"pool", options_.pool}, {"events", batch.size()}});
    for (const Outcome outcome : outcomes) metrics_.event_done(options_.pool, outcome);
    for (const auto& incoming : batch)
      if (const Rejection* why = incoming.why_parked())
        log::warn("event parked", {{"pool", options_.pool},
                                   {"event", incoming.key.value},
                                   {"reason", why->error_class},
                                   {"detail", why->message}});
    metrics_.batch_done(options_.pool, batch.size());
    mark_seen(batch);
  }

  // Some row cannot be stored: halves the batch until the one bad event stands alone, and parks that.
  bool isolate(std::vector<Incoming>& batch, const Error& error) {
    if (batch.size() == 1) return park_alone(batch, error);
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    std::vector<Incoming> second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
    batch.erase(middle, batch.end());
    return apply(batch) && apply(second);
  }

  bool park_alone(std::vector<Incoming>& batch, const Error& error) {
    Incoming& incoming = batch.front();
    if (incoming.rejected) {
      log::error("parked event cannot be recorded",
                 {{"pool", options_.pool}, {"event", incoming.key.value}, {"detail", error.detail}});
      return true;  // it stands in the parked topic
    }
    ++incoming.attempts;
    incoming.rejected = Rejection{"store_rejected", error.detail};
    return apply(batch);
  }

  // Waits with the partitions paused, polling so that the group keeps this member.
  bool hold_partitions(Milliseconds delay) {
    const auto generation = consumer_->generation();
    const auto until = std::chrono::steady_clock::now() + delay;
    consumer_->pause();
    auto left = delay;
    while (left > Milliseconds{0} && !stop_.stop_requested() && consumer_->generation() == generation) {
      if (!consumer_->poll(1, std::min(left, Milliseconds{200})))
        wait_unless_stopped(stop_, std::min(left, Milliseconds{50}));
      left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    }
    consumer_->resume();
    return !stop_.stop_requested() && consumer_->generation() == generation;
  }

  Status park(std::vector<Incoming*>& letters) {
    const auto acknowledgements = std::make_shared<Acknowledgements>(letters.size());
    for (const Incoming* letter : letters) {
      TRY_STATUS(ports_.log.append(dead_letter(*letter), [acknowledgements](const Result<Position>& result) {
        acknowledgements->arrived(result);
      }));
    }
    TRY_STATUS(acknowledgements->wait(options_.park_deadline));
    for (Incoming* letter : letters) letter->dead_letter_durable = true;
    return ok();
  }

  const WorkerOptions& options_;
  WorkerPorts ports_;
  WorkerMetrics& metrics_;
  std::stop_token stop_;
  BatchContext context_;
  std::unique_ptr<EventConsumer> consumer_;
  std::optional<Backoff> log_backoff_;
  bool seen_set_answers_ = true;
};

}  // namespace

Status run_worker(const WorkerOptions& options, const WorkerPorts& ports, const Policy& policy,
                  WorkerMetrics& metrics, std::stop_token stop) {
  return Worker(options, ports, policy, metrics, std::move(stop)).run();
}

}  // namespace penstock
