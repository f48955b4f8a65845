// What a worker counts. One instance a process; all methods may be called from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <map>
#include <string>

#include "common/observe/metrics.h"
#include "workers/domain/state/event_rows.h"
#include "workers/domain/state/run_rows.h"

namespace penstock {

class WorkerMetrics {
 public:
  explicit WorkerMetrics(Metrics& metrics);

  void events_done(const std::string& pool, Outcome outcome, std::size_t events);
  void batch_done(const std::string& pool, std::size_t events);
  void batch_retried(const std::string& pool, std::string_view error_code);
  void seen_set_call(std::string_view call, std::chrono::nanoseconds took);
  void seen_set_failed();
  void runs_reached(const RunTransitions& reached);
  void store_call(std::string_view call, std::chrono::nanoseconds took);

 private:
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Family<prometheus::Histogram>& batch_events_;
  prometheus::Family<prometheus::Counter>& retries_;
  prometheus::Family<prometheus::Histogram>& seen_set_seconds_;
  prometheus::Family<prometheus::Counter>& seen_set_failures_;
  prometheus::Family<prometheus::Histogram>& store_seconds_;
  std::map<RunStatus, prometheus::Counter*> runs_;
};

// Measures from construction.
class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace penstock
