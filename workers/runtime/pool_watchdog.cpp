#include "workers/runtime/pool_watchdog.h"

#include "common/observe/log.h"
#include "workers/domain/outbound.h"
#include "workers/runtime/batch.h"

namespace penstock {
namespace {

constexpr std::chrono::minutes kSaidAgainAfter{1};

bool waits(PoolActivity state) { return state == PoolActivity::backing_off || state == PoolActivity::stuck; }

prometheus::Family<prometheus::Gauge>& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry());
}

// One alert an occasion: a pool that is stuck again later is another.
Result<Effects> alert_of(const std::string& pool, const PoolStatus& status, const EventKey& by) {
  Effects effects;
  raise(
      effects,
      {"pool_stuck", pool, "Pool " + pool + " applies nothing " + to_text(status), to_rfc3339(status.since)},
      by);
  return effects;
}

}  // namespace

PoolWatchdog::PoolWatchdog(std::vector<const PoolHealth*> pools, const Clock& clock, Metrics& metrics)
    : clock_(clock),
      states_(gauge(metrics, "penstock_worker_pool_state", "1 for what a pool of this process is doing")),
      stalled_seconds_(gauge(metrics, "penstock_worker_pool_stalled_seconds",
                             "For how long a pool of this process has had events and applied none")) {
  for (const auto* health : pools) pools_.push_back({health, PoolActivity::idle, {}, {}});
}

void PoolWatchdog::look() {
  for (auto& pool : pools_) look_at(pool);
}

void PoolWatchdog::look_at(Watched& pool) {
  const PoolStatus status = pool.health->status();
  const PoolActivity before = std::exchange(pool.state, status.state);
  set_metrics(pool.health->pool(), status);
  const bool became_stuck = status.state == PoolActivity::stuck && before != PoolActivity::stuck;
  if (became_stuck) {
    const std::lock_guard lock(mutex_);
    pool.to_alert = status;
  }
  if (waits(status.state)) {
    if (!pool.said_at) pool.said_at = clock_.now();  // the worker has said the first failure itself
    if (!became_stuck && clock_.now() - *pool.said_at < kSaidAgainAfter) return;
    pool.said_at = clock_.now();
    say(pool, status);
  } else if (before == PoolActivity::stuck) {
    log::info("pool goes on", {{"pool", pool.health->pool()}});
  }
  if (!waits(status.state)) pool.said_at.reset();
}

void PoolWatchdog::say(const Watched& pool, const PoolStatus& status) const {
  log::error(status.state == PoolActivity::stuck ? "pool stuck" : "pool backs off",
             {{"pool", pool.health->pool()},
              {"since", to_rfc3339(status.since)},
              {"age_s", std::chrono::floor<std::chrono::seconds>(status.age).count()},
              {"attempts", status.attempts},
              {"events", status.events},
              {"cause", status.error.empty() ? "a call that does not return" : status.error}});
}

void PoolWatchdog::set_metrics(const std::string& pool, const PoolStatus& status) {
  for (const auto& [state, word] : words_of(PoolActivity{}))
    states_.Add({{"pool", pool}, {"state", std::string(word)}}).Set(state == status.state ? 1 : 0);
  const bool stalled = status.state != PoolActivity::idle;
  stalled_seconds_.Add({{"pool", pool}}).Set(stalled ? std::chrono::duration<double>(status.age).count() : 0);
}

void PoolWatchdog::raise_alerts(Store& store) {
  for (auto& pool : pools_) {
    std::optional<PoolStatus> due;
    {
      const std::lock_guard lock(mutex_);
      due = pool.to_alert;
    }
    if (!due) continue;
    const EventKey by = make_event_key("pool", pool.health->pool());
    const Decision decision{by, [](const View&, Reads&) {},
                            [&](const View&) { return alert_of(pool.health->pool(), *due, by); }};
    if (!carry_out(store, clock_, decision)) continue;
    const std::lock_guard lock(mutex_);
    if (pool.to_alert && pool.to_alert->since == due->since) pool.to_alert.reset();
  }
}

Status PoolWatchdog::ready() const {
  std::string stuck;
  for (const auto& pool : pools_) {
    const PoolStatus status = pool.health->status();
    if (status.state != PoolActivity::stuck) continue;
    if (!stuck.empty()) stuck += "; ";
    stuck.append("pool ").append(pool.health->pool()).append(" has applied nothing ").append(to_text(status));
  }
  if (stuck.empty()) return ok();
  return Error{ErrorCode::unavailable, Retry::safe, std::move(stuck)};
}

}  // namespace penstock
