#include "ingress/admin/api/pool_watch.h"

#include <algorithm>

#include "common/observe/log.h"
#include "workers/runtime/group_progress.h"

namespace penstock::admin {
namespace {

prometheus::Family<prometheus::Gauge>& lag_family(Metrics& metrics) {
  return prometheus::BuildGauge()
      .Name("penstock_consumer_lag")
      .Help("Records of a pool's topic that its consumer group has not done yet")
      .Register(metrics.registry());
}

prometheus::Family<prometheus::Gauge>& state_family(Metrics& metrics) {
  return prometheus::BuildGauge()
      .Name("penstock_pool_state")
      .Help("1 for the state that a pool is in, 0 for the others")
      .Register(metrics.registry());
}

prometheus::Family<prometheus::Gauge>& seen_family(Metrics& metrics) {
  return prometheus::BuildGauge()
      .Name("penstock_pool_seen_timestamp_seconds")
      .Help("When a pool's lag and state were last found out, in Unix time")
      .Register(metrics.registry());
}

struct Verdict {
  PoolActivity state = PoolActivity::idle;
  std::optional<Timestamp> since = {};  // as far as it follows from what was seen
  std::optional<std::string> error = {};
};

// `waits_since`: since then there was something to do, and nothing was done.
Verdict judge(const PoolState& seen, const GroupProgress& progress, Timestamp waits_since,
              Milliseconds stuck_after) {
  if (seen.lag == 0) return {PoolActivity::idle};
  const auto note = worst_note(progress);
  if (seen.as_of - waits_since >= stuck_after)
    return {PoolActivity::stuck, note ? std::min(note->since, waits_since) : waits_since,
            why_stuck(progress)};
  if (note) return {note->state, note->since, note->error};
  return {PoolActivity::running};
}

}  // namespace

PoolWatch::PoolWatch(EventSource& log, const Clock& clock, Metrics& metrics, PoolWatchOptions options)
    : log_(log),
      clock_(clock),
      options_(std::move(options)),
      lag_(lag_family(metrics)),
      state_(state_family(metrics)),
      seen_(seen_family(metrics)) {
  for (const auto& name : options_.pools) pools_.emplace_back().state.name = name;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

// A look that began before the question may have missed what the asker knows of, so it waits for the next.
Result<std::vector<PoolState>> PoolWatch::states() {
  std::unique_lock lock(mutex_);
  if (clock_.now() - looked_at_ > options_.state_age_max) {
    look_wanted_ = true;
    wanted_.notify_one();
    looked_.wait_for(lock, options_.answer_wait,
                     [this, before = looks_begun_] { return looks_ended_ > before; });
  }
  if (last_seen_) return *last_seen_;
  if (!last_look_) return last_look_.error();
  return Error{ErrorCode::timeout, "the pools have not been looked at yet"};
}

void PoolWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    look_wanted_ = false;
    ++looks_begun_;
    lock.unlock();
    const Status looked = look();
    log_change(looked);
    lock.lock();
    publish(looked);
    wanted_.wait_for(lock, stop, options_.interval, [this] { return look_wanted_; });
  }
}

void PoolWatch::publish(const Status& looked) {
  const bool all_seen =
      std::all_of(pools_.begin(), pools_.end(), [](const Pool& pool) { return pool.last_moved.has_value(); });
  if (all_seen) {
    auto& seen = last_seen_.emplace();
    for (const auto& pool : pools_) seen.push_back(pool.state);
  }
  last_look_ = looked;
  looked_at_ = clock_.now();
  looks_ended_ = looks_begun_;
  looked_.notify_all();
}

// Every pool, even if one of them cannot be seen.
Status PoolWatch::look() {
  Status looked = ok();
  for (auto& pool : pools_)
    if (auto seen = look_at(pool); !seen && looked) looked = std::move(seen);
  return looked;
}

Status PoolWatch::look_at(Pool& pool) {
  PoolState& state = pool.state;
  const Timestamp now = clock_.now();
  TRY(const auto progress, log_.progress(options_.group_prefix + state.name, state.name));
  TRY(const auto oldest, oldest_of(state.name, progress));
  const Done done{now, done_of(progress)};
  const bool first = !pool.last_moved;
  if (first || pool.last_moved->records != done.records) pool.last_moved = done;
  state.rate_1m = rate(pool.history, done);
  state.lag = lag_of(progress);
  state.oldest_age = std::chrono::floor<std::chrono::seconds>(now - std::min(now, oldest.value_or(now)));
  state.members = progress.members;
  state.partitions = static_cast<std::int64_t>(progress.partitions.size());
  state.as_of = now;
  // That it moved nothing before there was something to move proves nothing.
  const Timestamp waits_since = std::max(pool.last_moved->at, oldest.value_or(pool.last_moved->at));
  const auto verdict = judge(state, progress, waits_since, options_.stuck_after);
  if (verdict.since || first || verdict.state != state.state) state.since = verdict.since.value_or(now);
  state.state = verdict.state;
  state.last_error = verdict.error;
  show(state, progress);
  return ok();
}

// When the record was appended that has waited longest; nullopt when none waits or can be read.
Result<std::optional<Timestamp>> PoolWatch::oldest_of(const std::string& topic,
                                                      const GroupProgress& progress) {
  std::optional<Timestamp> oldest;
  for (const auto& partition : progress.partitions) {
    if (lag_of(partition) == 0) continue;
    TRY(const auto record, log_.read({topic, partition.partition, partition.committed}));
    if (record) oldest = std::min(oldest.value_or(record->appended_at), record->appended_at);
  }
  return oldest;
}

double PoolWatch::rate(std::deque<Done>& history, Done done) const {
  while (!history.empty() && done.at - history.front().at > options_.rate_window) history.pop_front();
  history.push_back(done);
  const auto elapsed = std::chrono::duration<double>(done.at - history.front().at);
  const auto records = std::max<std::int64_t>(0, done.records - history.front().records);
  return elapsed.count() > 0 ? static_cast<double>(records) / elapsed.count() : 0;
}

void PoolWatch::show(const PoolState& state, const GroupProgress& progress) {
  for (const auto& partition : progress.partitions)
    lag_.Add({{"pool", state.name}, {"partition", std::to_string(partition.partition.value)}})
        .Set(static_cast<double>(lag_of(partition)));
  seen_.Add({{"pool", state.name}}).Set(static_cast<double>(to_unix_ms(state.as_of)) / 1'000);
  for (const auto& [activity, word] : words_of(PoolActivity{}))
    state_.Add({{"pool", state.name}, {"state", std::string(word)}}).Set(activity == state.state ? 1 : 0);
}

void PoolWatch::log_change(const Status& looked) {
  const bool failing = !looked.has_value();
  if (failing == failing_) return;
  failing_ = failing;
  if (failing)
    log::warn("state of the pools unknown", {{"log", options_.log_address},
                                             {"code", to_string(looked.error().code)},
                                             {"detail", looked.error().detail}});
  else
    log::info("state of the pools known again");
}

}  // namespace penstock::admin
