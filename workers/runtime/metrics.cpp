#include "workers/runtime/metrics.h"

namespace penstock {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                       0.05,   0.1,   0.25,   0.5,   1,    5};
const prometheus::Histogram::BucketBoundaries kEvents{1, 2, 5, 10, 25, 50, 100, 200, 500, 1000};

double seconds(std::chrono::nanoseconds took) { return std::chrono::duration<double>(took).count(); }

prometheus::Family<prometheus::Counter>& counter(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry());
}

prometheus::Family<prometheus::Histogram>& histogram(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(metrics.registry());
}

}  // namespace

WorkerMetrics::WorkerMetrics(Metrics& metrics)
    : events_(counter(metrics, "penstock_worker_events_total", "Events by pool and outcome")),
      batch_events_(histogram(metrics, "penstock_worker_batch_events", "Events in one store transaction")),
      retries_(counter(metrics, "penstock_worker_retries_total", "Batches tried again, by error code")),
      seen_set_seconds_(
          histogram(metrics, "penstock_seen_set_seconds", "Time of one round trip to the seen set")),
      seen_set_failures_(
          counter(metrics, "penstock_seen_set_failures_total", "Calls the seen set did not answer")),
      store_seconds_(histogram(metrics, "penstock_store_seconds", "Time of one call to the store")) {
  auto& runs = counter(metrics, "penstock_runs_total", "Runs of workflows that came to a status");
  for (const auto& [status, word] : words_of(RunStatus{}))
    runs_.emplace(status, &runs.Add({{"status", std::string(word)}}));
}

void WorkerMetrics::events_done(const std::string& pool, Outcome outcome, std::size_t events) {
  events_.Add({{"pool", pool}, {"outcome", std::string(to_string(outcome))}})
      .Increment(static_cast<double>(events));
}

void WorkerMetrics::batch_done(const std::string& pool, std::size_t events) {
  batch_events_.Add({{"pool", pool}}, kEvents).Observe(static_cast<double>(events));
}

void WorkerMetrics::batch_retried(const std::string& pool, std::string_view error_code) {
  retries_.Add({{"pool", pool}, {"code", std::string(error_code)}}).Increment();
}

void WorkerMetrics::seen_set_call(std::string_view call, std::chrono::nanoseconds took) {
  seen_set_seconds_.Add({{"call", std::string(call)}}, kSeconds).Observe(seconds(took));
}

void WorkerMetrics::seen_set_failed() { seen_set_failures_.Add({}).Increment(); }

void WorkerMetrics::runs_reached(const RunTransitions& reached) {
  for (const auto& [status, runs] : reached) runs_.at(status)->Increment(static_cast<double>(runs));
}

void WorkerMetrics::store_call(std::string_view call, std::chrono::nanoseconds took) {
  store_seconds_.Add({{"call", std::string(call)}}, kSeconds).Observe(seconds(took));
}

}  // namespace penstock
