// bench_worker: one worker pool on PostgreSQL or a SQLite file. The events stand in an in-memory log before
// the clock starts; it stops when the last of them is committed and marked seen. With --events 0 it only
// brings the schema to its version.

#include <unistd.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/postgres/store.h"
#include "common/adapters/redis/no_seen_set.h"
#include "common/adapters/redis/seen_set.h"
#include "common/adapters/sqlite/store.h"
#include "common/adapters/system_clock/system_clock.h"
#include "common/observe/metrics.h"
#include "tests/bench/programs/event_bodies.h"
#include "tests/bench/programs/report.h"
#include "workers/runtime/worker.h"
#include "workers/sources/stripe/stripe.h"

namespace penstock::bench {
namespace {

constexpr std::string_view kTopic = "payments";
constexpr std::size_t kLogBytesMax = std::size_t{4} << 30;

// Tells when `expected` events have been marked: the last step of a batch.
class CountingSeenSet final : public SeenSet {
 public:
  CountingSeenSet(SeenSet& inner, std::size_t expected) : inner_(inner), missing_(expected) {}

  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override {
    return inner_.seen(keys);
  }

  Status mark(std::span<const SeenEvent> keys) override {
    auto marked = inner_.mark(keys);
    const std::lock_guard lock(mutex_);
    missing_ -= std::min(missing_, keys.size());
    if (missing_ == 0) all_marked_.notify_all();
    return marked;
  }

  void wait() {
    std::unique_lock lock(mutex_);
    if (!all_marked_.wait_for(lock, std::chrono::minutes{2}, [this] { return missing_ == 0; }))
      fail("the worker did not apply all events within two minutes");
  }

 private:
  SeenSet& inner_;
  std::mutex mutex_;
  std::condition_variable all_marked_;
  std::size_t missing_;
};

Record make_record(const EventBodies& bodies, std::size_t n, const std::string& received_at) {
  EventBody event = bodies.make(n);
  return {std::string(kTopic),
          event.payment_intent,
          std::move(event.body),
          {{"ce_specversion", "1.0"},
           {"ce_id", event.id},
           {"ce_type", std::string(event.type)},
           {"ce_source", "stripe"},
           {"ce_time", received_at},
           {"content-type", "application/json; charset=utf-8"},
           {"ps_receivedat", received_at},
           {"ps_livemode", "false"}}};
}

void preload(EventLog& log, std::size_t events, bool named, Timestamp now) {
  const EventBodies bodies(named ? EventBodies::Payer::named : EventBodies::Payer::guest);
  const std::string received_at = to_rfc3339(now);
  for (std::size_t n = 0; n < events; ++n)
    if (!log.append(make_record(bodies, n, received_at), [](const Result<Position>&) {}))
      fail("the log refused an event");
  if (!log.flush(Milliseconds{60'000})) fail("the log is not done within a minute");
}

struct Options {
  std::string store;
  int redis_port = 0;  // 0: no seen set
  std::size_t events = 0;
  std::size_t batch = 500;
  bool named = false;
};

Result<std::unique_ptr<StoreAdapter>> open_store(const std::string& address) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (address.starts_with(kSqlite)) return open_sqlite_store({.file = address.substr(kSqlite.size())});
  return make_postgres_store({.url = address});
}

std::unique_ptr<SeenSet> make_seen_set(int redis_port) {
  if (redis_port == 0) return std::make_unique<NoSeenSet>();
  RedisOptions options;
  options.port = redis_port;
  return std::make_unique<RedisSeenSet>(std::move(options),
                                        seen_key_prefix("bench-" + std::to_string(::getpid())));
}

std::chrono::duration<double> apply_all(const Options& options, EventLog& log, Store& store,
                                        const Clock& clock) {
  const auto inner = make_seen_set(options.redis_port);
  CountingSeenSet seen_set(*inner, options.events);
  Metrics registry;
  WorkerMetrics metrics(registry);
  const WorkerOptions worker{.pool = std::string(kTopic),
                             .group = "bench",
                             .batch_events_max = options.batch,
                             .log_address = "memory",
                             .store_address = "postgresql"};
  const Sources sources({stripe_source(StripeMode::both)});
  const Policy policy;
  PoolHealth health(worker.pool, clock, Milliseconds{60'000});

  const auto start = std::chrono::steady_clock::now();
  std::jthread thread([&](std::stop_token stop) {
    if (!run_worker(worker, {log, seen_set, store, clock, sources, health}, policy, metrics, std::move(stop)))
      fail("the worker gave up");
  });
  seen_set.wait();
  return std::chrono::steady_clock::now() - start;
}

void run(const Options& options) {
  const SystemClock clock;
  auto store = open_store(options.store);
  if (!store || !store.value()->migrate() || !store.value()->ready()) fail("the store is not ready");
  if (options.events == 0) return;

  auto memory =
      open_memory_log({.queue_records_max = options.events, .queue_bytes_max = kLogBytesMax}, clock);
  if (!memory.log->create_topics({std::string(kTopic)})) fail("no topic");
  preload(*memory.log, options.events, options.named, clock.now());
  report_events(options.events, apply_all(options, *memory.log, *store.value(), clock));
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  Options options;
  CLI::App app("One worker pool");
  app.add_option("--store", options.store, "postgresql://… or sqlite:FILE")->required();
  app.add_option("--redis-port", options.redis_port);
  app.add_option("--events", options.events)->required();
  app.add_option("--batch", options.batch);
  app.add_flag("--named", options.named, "each payment names a user and a customer");
  CLI11_PARSE(app, argc, argv);
  run(options);
}
