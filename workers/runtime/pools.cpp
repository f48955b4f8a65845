#include "workers/runtime/pools.h"

#include <algorithm>

#include "common/async/periodic.h"
#include "common/catalogue/catalogue.h"
#include "common/observe/log.h"
#include "workers/runtime/lookup_sweeper.h"
#include "workers/runtime/retry_sweeper.h"
#include "workers/runtime/run_upkeep.h"

namespace penstock {
namespace {

constexpr Milliseconds kSweepInterval{1'000};
constexpr Milliseconds kPublishInterval{50};
constexpr Milliseconds kGroupInterval{3'000};

// Sweeps until `stop`; says once when sweeping begins to fail.
void sweep_until(const std::stop_token& stop, Milliseconds interval, std::string_view what,
                 const std::function<Result<int>()>& sweep) {
  bool failing = false;
  while (wait_unless_stopped(stop, interval)) {
    const auto swept = sweep();
    if (!swept && !failing)
      log::warn("what is due cannot be taken up now", {{"what", what}, {"detail", swept.error().detail}});
    failing = !swept;
  }
}

}  // namespace

std::vector<std::string> all_pools() {
  std::vector<std::string> pools = Catalogue::builtin().pools();
  pools.emplace_back(kDeliveriesPool);
  return pools;
}

std::string known_pools() {
  std::string names;
  for (const auto& pool : all_pools()) names.append(names.empty() ? "" : ", ").append(pool);
  return names;
}

Result<std::vector<std::string>> parse_pools(std::string_view text) {
  const auto known = all_pools();
  if (text == "all") return known;
  std::vector<std::string> pools;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    const std::string name(text.substr(at, end - at));
    if (std::find(known.begin(), known.end(), name) == known.end())
      return Error{ErrorCode::invalid, "no pool is named \"" + name + "\"; there are: all, " + known_pools()};
    if (std::find(pools.begin(), pools.end(), name) == pools.end()) pools.push_back(name);
    at = end + 1;
  }
  return pools;
}

Pools::Pools(const PoolsOptions& options, const PoolsPorts& ports, Policy policy, Metrics& metrics)
    : ports_(ports), policy_(std::move(policy)), metrics_(metrics) {
  std::vector<const PoolHealth*> watched;
  for (const auto& pool : options.pools) {
    seen_sets_.push_back(ports_.open_seen_set());
    health_.push_back(std::make_unique<PoolHealth>(pool, ports_.clock, options.stuck_after));
    watched.push_back(health_.back().get());
  }
  watchdog_.emplace(std::move(watched), ports_.clock, metrics);
  for (std::size_t i = 0; i < options.pools.size(); ++i) {
    WorkerOptions worker = options.worker;
    worker.pool = options.pools[i];
    worker.group = options.group_prefix + options.pools[i];
    groups_.emplace_back(ports_.log, worker.group, worker.log_address, *health_[i]);
    threads_.emplace_back([this, i, worker = std::move(worker)](std::stop_token stop) {
      run(worker, *seen_sets_[i], *health_[i], std::move(stop));
    });
    start_sweeping(options.pools[i], options.worker.park_deadline);
  }
  asking_.emplace(kGroupInterval, [this] {
    for (auto& group : groups_) group.look();
  });
  looking_.emplace(kWatchdogLookInterval, [this] { watchdog_->look(); });
  alerting_.emplace(kWatchdogAlertInterval, [this] { watchdog_->raise_alerts(ports_.store); });
}

void Pools::start_sweeping(const std::string& pool, Milliseconds park_deadline) {
  if (pool == "payouts")
    threads_.emplace_back([this](const std::stop_token& stop) {
      sweep_until(stop, kSweepInterval, "payout retries",
                  [this] { return sweep_due_retries(ports_.store, ports_.clock, policy_); });
    });
  if (pool == "payments")
    threads_.emplace_back([this, park_deadline](const std::stop_token& stop) {
      const LookupPorts lookups{ports_.store, ports_.log, ports_.log,   ports_.clock,
                                policy_,      metrics_,   park_deadline};
      sweep_until(stop, kSweepInterval, "payments that confirmations wait for",
                  [&] { return sweep_due_lookups(lookups); });
    });
  if (pool != "connectors") return;
  threads_.emplace_back([this](const std::stop_token& stop) {
    sweep_until(stop, kSweepInterval, "waits of runs",
                [this] { return time_out_waits(ports_.store, ports_.clock, metrics_); });
  });
  threads_.emplace_back([this](const std::stop_token& stop) {
    keep_waits_whole(stop, ports_.log, ports_.store, ports_.clock);
  });
  threads_.emplace_back([this, park_deadline](const std::stop_token& stop) {
    sweep_until(stop, kPublishInterval, "what the topic of waits is to be told",
                [&] { return publish_waits(ports_.store, ports_.log, ports_.clock, park_deadline); });
  });
}

Pools::~Pools() {
  for (auto& thread : threads_) thread.request_stop();
}

void Pools::run(const WorkerOptions& options, SeenSet& seen_set, PoolHealth& health, std::stop_token stop) {
  log::info("pool started", {{"pool", options.pool}, {"group", options.group}});
  const WorkerPorts ports{ports_.log, seen_set, ports_.store, ports_.clock, ports_.sources, health};
  const auto ended = run_worker(options, ports, policy_, metrics_, std::move(stop));
  if (!ended) {
    log::error(
        "pool failed",
        {{"pool", options.pool}, {"code", to_string(ended.error().code)}, {"detail", ended.error().detail}});
    failed_.store(true);
    return;
  }
  log::info("pool stopped", {{"pool", options.pool}});
}

}  // namespace penstock
