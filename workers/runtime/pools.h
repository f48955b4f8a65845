// The worker threads of one process: one consumer thread per pool.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "workers/runtime/worker.h"

namespace penstock {

// "payments,payouts" or "all" to pool names, each once. Error: invalid, naming what is unknown.
Result<std::vector<std::string>> parse_pools(std::string_view text);

struct PoolsOptions {
  std::vector<std::string> pools;
  std::string group_prefix;  // the consumer group of a pool is this and its name
  WorkerOptions worker;      // for all pools; its pool and group are filled in
};

struct PoolsPorts {
  EventLog& log;
  Store& store;
  const Clock& clock;
  std::function<std::unique_ptr<SeenSet>()> open_seen_set;  // called once a pool
};

// Starts on construction. Where the payouts pool runs, due payout retries are called too.
class Pools {
 public:
  Pools(const PoolsOptions& options, const PoolsPorts& ports, Policy policy, WorkerMetrics& metrics);
  // Lets each worker finish its batch, then joins it.
  ~Pools();

  // A worker may not go on (the log fenced it off): the process should end.
  bool failed() const noexcept { return failed_.load(); }

 private:
  void run(const WorkerOptions& options, SeenSet& seen_set, std::stop_token stop);

  PoolsPorts ports_;
  Policy policy_;
  WorkerMetrics& metrics_;
  std::atomic<bool> failed_{false};
  std::vector<std::unique_ptr<SeenSet>> seen_sets_;
  std::vector<std::jthread> threads_;
};

}  // namespace penstock
