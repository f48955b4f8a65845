#include "workers/runtime/pool_watchdog.h"

#include "common/observe/log.h"
#include "workers/domain/outbound/outbound.h"
#include "workers/runtime/batch.h"

namespace penstock {
namespace {

constexpr std::chrono::minutes kSaidAgainAfter{1};

bool waits(PoolActivity state) { return state == PoolActivity::backing_off || state == PoolActivity::stuck; }

prometheus::Family<prometheus::Gauge>& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry());
}

constexpr std::string_view kPoolStuck = "pool_stuck";

// When the newest alert about that pool was raised, by any process.
Result<std::optional<Timestamp>> last_alert(Store& store, const std::string& pool) {
  ListQuery query;
  query.filters = {{"kind", std::string(kPoolStuck)}, {"subject", pool}};
  query.limit = 1;
  TRY(const auto rows, store.list(table_of<Alert>(), query));
  return rows.empty() ? std::nullopt : std::optional(rows.front().stamp.created_at);
}

// One alert an occasion, of however many processes the pool has: they wait since about the same time, so one
// that was raised since then is about this. An alert is named by the one before it, so that two processes
// that raise it in the same moment raise the same.
Status raise_alert(Store& store, const Clock& clock, const std::string& pool, const PoolStatus& status) {
  TRY(const auto last, last_alert(store, pool));
  if (last && *last > status.since) return ok();
  const EventKey by = make_event_key("pool", pool);
  const auto decide = [&](const View&) -> Result<Effects> {
    Effects effects;
    raise_alert(effects,
                {kPoolStuck, pool, "Pool " + pool + " applies nothing " + to_text(status),
                 last ? "after " + to_rfc3339(*last) : ""},
                by);
    return effects;
  };
  const auto raised = carry_out(store, clock, {by, [](const View&, Reads&) {}, decide});
  return raised ? ok() : Status(raised.error());
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
    if (!raise_alert(store, clock_, pool.health->pool(), *due)) continue;
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
  return Error{ErrorCode::unavailable, std::move(stuck)};
}

}  // namespace penstock
