#include "workers/runtime/worker.h"

#include <algorithm>
#include <future>
#include <map>

#include "common/async/backoff.h"
#include "common/async/periodic.h"
#include "common/async/task_pool.h"
#include "common/catalogue/catalogue.h"
#include "common/core/check.h"
#include "common/observe/log.h"
#include "workers/runtime/applier.h"
#include "workers/runtime/dead_letters.h"

namespace penstock {
namespace {

using Place = std::pair<std::string, Partition>;

// Of each partition the least or the greatest of these positions.
template <class Better>
std::vector<Position> outermost(const std::vector<Position>& all, Better better) {
  std::map<Place, Offset> found;
  for (const Position& at : all) {
    const auto [known, fresh] = found.try_emplace({at.topic, at.partition}, at.offset);
    if (!fresh && better(at.offset, known->second)) known->second = at.offset;
  }
  std::vector<Position> positions;
  for (const auto& [place, offset] : found) positions.push_back({place.first, place.second, offset});
  return positions;
}

// Records of one poll, read and asked about at the seen set.
struct Taken {
  std::vector<Incoming> events;
  std::vector<Position> positions;
  std::uint64_t generation = 0;  // of the consumer when it polled them
};

class Worker {
 public:
  Worker(const WorkerOptions& options, const WorkerPorts& ports, const Policy& policy, WorkerMetrics& metrics,
         std::stop_token stop)
      : options_(options),
        ports_(ports),
        metrics_(metrics),
        stop_(std::move(stop)),
        applier_({options.pool, options.retry_delay_min, options.retry_delay_max, options.store_address},
                 {ports.store, ports.clock, ports.sources, policy, metrics,
                  [this](const std::vector<Incoming*>& letters) {
                    return append_dead_letters(ports_.log, letters, options_.park_deadline);
                  }},
                 ports.health,
                 {[this](Milliseconds delay) { return hold_partitions(delay); },
                  [this](const auto& batch, const auto& settled) { mark_seen(batch, settled); }}) {}

  // While one batch is applied, the next is polled and read.
  Status run() {
    TRY_STATUS(join());
    while (!stop_.stop_requested()) {
      auto polled =
          consumer_->poll(options_.batch_events_max, applying_ ? Milliseconds{0} : options_.poll_wait);
      if (!polled) {
        finish_applying();
        if (polled.error().code == ErrorCode::fenced) return polled.error();
        if (polled.error().code == ErrorCode::corrupt)
          wait_for_damaged(polled.error());
        else
          wait_for_log(polled.error());
        continue;
      }
      note_log_answers();
      if (!polled.value().empty())
        finish_applying(read(std::move(polled).value()));
      else if (applying_)
        finish_applying();
      else
        has_nothing_to_do();
    }
    finish_applying();
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
      wait_for_log(joined.error());
    }
    return ok();
  }

  void wait_for_log(const Error& error) {
    ports_.health.failed(error, options_.log_address);
    if (!log_backoff_) {
      log::warn("log unavailable, backing off", {{"pool", options_.pool},
                                                 {"code", to_string(error.code)},
                                                 {"detail", error.detail},
                                                 {"log", options_.log_address}});
      log_backoff_.emplace(options_.retry_delay_min, options_.retry_delay_max);
    }
    wait_unless_stopped(stop_, log_backoff_->next());
  }

  // What the log cannot read waits, and the rest of it goes on.
  void wait_for_damaged(const Error& error) {
    ports_.health.cannot_read(error, options_.log_address);
    if (std::exchange(damage_, error.detail) != error.detail)
      log::error("log damaged, what stands there waits", {{"pool", options_.pool},
                                                          {"code", to_string(error.code)},
                                                          {"detail", error.detail},
                                                          {"log", options_.log_address}});
    if (!damage_backoff_) damage_backoff_.emplace(options_.retry_delay_min, options_.retry_delay_max);
    wait_unless_stopped(stop_, damage_backoff_->next());
  }

  void note_log_answers() {
    damage_backoff_.reset();
    if (!log_backoff_) return;
    log_backoff_.reset();
    log::info("log answers again", {{"pool", options_.pool}});
  }

  void has_nothing_to_do() {
    ports_.health.has_nothing_to_do();
    if (!done_.empty() && done_generation_ == consumer_->generation()) commit();
  }

  // What is done is done, whatever the log makes of it: the inbox knows it. But for as long as it is not
  // committed it looks as if it waited, so it is tried again.
  void commit() {
    const auto committed = consumer_->commit(done_);
    if (committed) done_.clear();
    if (committed.has_value() == commits_) return;
    commits_ = committed.has_value();
    if (commits_)
      log::info("offsets committed again", {{"pool", options_.pool}});
    else
      log::warn(
          "offsets not committed",
          {{"pool", options_.pool}, {"detail", committed.error().detail}, {"log", options_.log_address}});
  }

  // Partitions that were taken away and given back may have moved on meanwhile.
  void note_done(const Taken& taken) {
    const auto generation = consumer_->generation();
    if (std::exchange(done_generation_, generation) != generation) done_.clear();
    if (taken.generation != generation) return;
    done_.insert(done_.end(), taken.positions.begin(), taken.positions.end());
    done_ = outermost(done_, std::greater<>{});
  }

  Taken read(std::vector<StoredRecord> records) {
    Taken taken;
    taken.generation = consumer_->generation();
    for (const auto& record : records) taken.positions.push_back(record.position);
    taken.events.reserve(records.size());
    for (auto& record : records) taken.events.push_back(identify(std::move(record)));
    read_unseen(taken.events);
    return taken;
  }

  // One batch at a time, so that each finds in the store what the ones before it have changed.
  void start_applying(Taken taken) {
    ports_.health.took(taken.events.size());
    next_to_do_ = outermost(taken.positions, std::less<>{});
    applying_.emplace(Applying{std::move(taken), {}});
    const auto tried = std::make_shared<std::promise<Tried>>();
    applying_->tried = tried->get_future();
    const bool started = applying_thread_.submit(
        [this, tried, &events = applying_->taken.events] { tried->set_value(applier_.try_once(events)); });
    CHECK(started);
  }

  // Waits for the batch that is being applied, and has `next` applied from then on. What is left to do for a
  // batch whose rows are committed is done beside that; one that failed keeps the next one waiting.
  void finish_applying(std::optional<Taken> next = std::nullopt) {
    std::optional<Applying> ended;
    std::optional<Tried> tried;
    if (applying_) {
      tried = applying_->tried.get();
      ended = std::exchange(applying_, std::nullopt);
    }
    const bool failed = tried && !*tried;
    if (next && !failed) start_applying(std::move(*next));
    if (ended) finish(std::move(ended->taken), std::move(*tried));
    // What failed may have taken long enough for others to have these.
    if (next && failed && next->generation == consumer_->generation() && !stop_.stop_requested())
      start_applying(std::move(*next));
  }

  void finish(Taken taken, Tried tried) {
    if (!applier_.finish(std::move(taken.events), std::move(tried))) {
      ports_.health.lost_events();  // these records come again, here or elsewhere
      return;
    }
    note_left_.clear();
    note_done(taken);
    commit();
  }

  // An event that another record has applied needs no look at its body, unless the inbox does not know it
  // after all. No other record is of the event that has no id.
  void read_unseen(std::vector<Incoming>& batch) {
    std::vector<EventKey> keys;
    for (auto& incoming : batch)
      incoming.has_id ? keys.push_back(incoming.key) : read_body(incoming, ports_.sources);
    if (keys.empty()) return;
    const Stopwatch watch;
    const auto seen = ports_.seen_set.seen(keys);
    note_seen_set(seen ? ok() : Status(seen.error()), "seen", watch);
    std::size_t asked = 0;
    for (auto& incoming : batch) {
      if (!incoming.has_id) continue;
      const auto by = seen ? seen.value()[asked++] : std::nullopt;
      if (!by || *by == incoming.record.position) read_body(incoming, ports_.sources);
    }
  }

  void mark_seen(const std::vector<Incoming>& batch, const std::vector<Settled>& settled) {
    std::vector<SeenEvent> events;
    events.reserve(batch.size());
    for (std::size_t at = 0; at < batch.size(); ++at)
      if (batch[at].has_id) events.push_back({batch[at].key, settled[at].applied_by});
    if (events.empty()) return;
    const Stopwatch watch;
    note_seen_set(ports_.seen_set.mark(events), "mark", watch);
  }

  void note_seen_set(const Status& answered, std::string_view call, const Stopwatch& watch) {
    metrics_.seen_set_call(call, watch.elapsed());
    if (!answered) metrics_.seen_set_failed();
    if (answered.has_value() == seen_set_answers_) return;
    seen_set_answers_ = answered.has_value();
    if (seen_set_answers_)
      log::info("seen set answers again", {{"pool", options_.pool}});
    else
      log::warn("seen set unavailable, the inbox alone finds duplicates",
                {{"pool", options_.pool}, {"detail", answered.error().detail}});
  }

  // Waits with the partitions paused, polling so that the group keeps this member.
  bool hold_partitions(Milliseconds delay) {
    leave_note();
    const auto generation = consumer_->generation();
    const auto until = std::chrono::steady_clock::now() + delay;
    consumer_->pause();
    bool fenced = false;
    const auto keeps_them = [&] {
      return !fenced && !stop_.stop_requested() && consumer_->generation() == generation;
    };
    auto left = delay;
    while (left > Milliseconds{0} && keeps_them()) {
      if (const auto polled = consumer_->poll(1, std::min(left, Milliseconds{200})); !polled) {
        fenced = polled.error().code == ErrorCode::fenced;
        wait_unless_stopped(stop_, std::min(left, Milliseconds{50}));
      }
      left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    }
    consumer_->resume();
    return keeps_them();
  }

  // Says beside the offsets why they do not move, once for each thing there is to say.
  void leave_note() {
    const PoolStatus status = ports_.health.status();
    if (status.error.empty()) return;
    std::string note = to_text(PoolNote{status.state, status.since, status.error});
    if (note == note_left_) return;
    if (consumer_->annotate(next_to_do_, note)) note_left_ = std::move(note);
  }

  struct Applying {
    Taken taken;
    std::future<Tried> tried;
  };

  const WorkerOptions& options_;
  WorkerPorts ports_;
  WorkerMetrics& metrics_;
  std::stop_token stop_;
  Applier applier_;
  std::unique_ptr<EventConsumer> consumer_;
  std::optional<Backoff> log_backoff_;
  std::optional<Backoff> damage_backoff_;
  std::string damage_;                // as logged last
  std::vector<Position> next_to_do_;  // of the batch that is being applied
  std::string note_left_;
  std::vector<Position> done_;  // and not committed yet
  std::uint64_t done_generation_ = 0;
  bool commits_ = true;
  bool seen_set_answers_ = true;
  std::optional<Applying> applying_;
  TaskPool applying_thread_{1, 1};  // last: it uses the applier and what is being applied
};

}  // namespace

Status run_worker(const WorkerOptions& options, const WorkerPorts& ports, const Policy& policy,
                  WorkerMetrics& metrics, std::stop_token stop) {
  return Worker(options, ports, policy, metrics, std::move(stop)).run();
}

}  // namespace penstock
