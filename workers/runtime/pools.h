// The worker threads of one process: one consumer thread per pool.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/async/periodic.h"
#include "workers/runtime/group_progress.h"
#include "workers/runtime/pool_watchdog.h"
#include "workers/runtime/worker.h"

namespace penstock {

// The pool that delivers outgoing webhooks (workers/deliveries). It consumes no topic, so Pools does not run it.
inline constexpr std::string_view kDeliveriesPool = "deliveries";

// "payments,payouts" or "all" to names of the catalogue's pools and the deliveries', each once. Error: invalid, naming what is
// unknown.
Result<std::vector<std::string>> parse_pools(std::string_view text);
std::vector<std::string> all_pools();
// "payments, payouts, …".
std::string known_pools();

struct PoolsOptions {
  std::vector<std::string> pools;
  std::string group_prefix;  // the consumer group of a pool is this and its name
  WorkerOptions worker;      // for all pools; its pool and group are filled in
  Milliseconds stuck_after{15'000};
};

struct PoolsPorts {
  EventLog& log;
  Store& store;
  const Clock& clock;
  Sources sources;
  std::function<std::unique_ptr<SeenSet>()> open_seen_set;  // called once a pool
};

// Starts on construction. Where the payouts pool runs, due payout retries are called too; where the payments pool does,
// payments are looked up that confirmations wait for; where the connectors pool does, waits of runs time out and are told of.
class Pools {
 public:
  Pools(const PoolsOptions& options, const PoolsPorts& ports, Policy policy, Metrics& metrics);
  // Lets each worker finish its batch, then joins it.
  ~Pools();

  // A worker may not go on (the log fenced it off): the process should end.
  bool failed() const noexcept { return failed_.load(); }

  // Unavailable while a pool has events and applies none: which, since when, and
  // why. Any thread; does not block.
  Status ready() const { return watchdog_->ready(); }

 private:
  void start_sweeping(const std::string& pool, Milliseconds park_deadline);
  void run(const WorkerOptions& options, SeenSet& seen_set, PoolHealth& health, std::stop_token stop);

  PoolsPorts ports_;
  Policy policy_;
  WorkerMetrics metrics_;
  std::atomic<bool> failed_{false};
  std::vector<std::unique_ptr<SeenSet>> seen_sets_;
  std::vector<std::unique_ptr<PoolHealth>> health_;
  std::optional<PoolWatchdog> watchdog_;
  std::vector<std::jthread> threads_;
  std::vector<GroupWatch> groups_;
  std::optional<Periodic> asking_;   // the log, how far the groups are
  std::optional<Periodic> looking_;  // the watchdog's
  std::optional<Periodic> alerting_;
};

}  // namespace penstock
