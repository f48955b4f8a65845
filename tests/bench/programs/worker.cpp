// bench_worker: one worker pool on PostgreSQL or a SQLite file. The events stand in Kafka or in an in-memory
// log; the clock starts when the worker has the first of them, and stops when the last is committed and marked
// seen. With --events 0 it only brings the schema to its version.

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>

#include "common/adapters/kafka/event_log.h"
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

struct Moment {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  std::chrono::duration<double> cpu = cpu_used();
};

// Tells when the first were asked about, and when `expected` events have been marked: the last step of a batch.
class CountingSeenSet final : public SeenSet {
 public:
  CountingSeenSet(SeenSet& inner, std::size_t expected) : inner_(inner), missing_(expected) {}

  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override {
    if (!began_) began_.emplace();
    return inner_.seen(keys);
  }

  Status mark(std::span<const SeenEvent> keys) override {
    auto marked = inner_.mark(keys);
    const std::lock_guard lock(mutex_);
    missing_ -= std::min(missing_, keys.size());
    if (missing_ == 0) all_marked_.notify_all();
    return marked;
  }

  // Since when.
  Moment wait() {
    std::unique_lock lock(mutex_);
    if (!all_marked_.wait_for(lock, std::chrono::minutes{2}, [this] { return missing_ == 0; }))
      fail(fmt::format("{} events were not applied within two minutes", missing_));
    return *began_;
  }

 private:
  SeenSet& inner_;
  std::mutex mutex_;
  std::condition_variable all_marked_;
  std::size_t missing_;
  std::optional<Moment> began_;  // on the worker's thread, before anything is marked
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

// A topic that has just been made may refuse its first records: those are appended again.
void preload(EventLog& log, std::size_t events, EventBodies::Payer payer, Timestamp now) {
  const EventBodies bodies(payer);
  const std::string received_at = to_rfc3339(now);
  std::vector<std::size_t> missing(events);
  std::iota(missing.begin(), missing.end(), 0);
  while (!missing.empty()) {
    std::mutex mutex;
    std::vector<std::size_t> refused;
    for (const std::size_t n : missing) {
      const auto done = [&, n](const Result<Position>& appended) {
        const std::lock_guard lock(mutex);
        if (!appended) refused.push_back(n);
      };
      while (!log.append(make_record(bodies, n, received_at), done))
        if (!log.flush(Milliseconds{60'000})) fail("the log takes no events");
    }
    if (!log.flush(Milliseconds{60'000})) fail("the log is not done within a minute");
    missing = std::move(refused);
  }
}

struct Options {
  std::string store;
  std::string brokers;  // empty: the log in memory
  std::string topic_prefix;
  int redis_port = 0;  // 0: no seen set
  std::size_t events = 0;
  std::size_t batch = 500;
  EventBodies::Payer payer = EventBodies::Payer::guest;
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

std::unique_ptr<EventLog> open_log(const Options& options, const Clock& clock) {
  if (options.brokers.empty())
    return open_memory_log({.queue_records_max = options.events, .queue_bytes_max = kLogBytesMax}, clock).log;
  auto log = open_kafka_log({.brokers = options.brokers, .topic_prefix = options.topic_prefix});
  if (!log) fail(log.error().detail);
  return std::move(log.value());
}

void apply_all(const Options& options, EventLog& log, Store& store, const Clock& clock) {
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

  std::jthread thread([&](std::stop_token stop) {
    if (!run_worker(worker, {log, seen_set, store, clock, sources, health}, policy, metrics, std::move(stop)))
      fail("the worker gave up");
  });
  const Moment began = seen_set.wait();
  const Moment ended;
  report_events(options.events, ended.at - began.at, ended.cpu - began.cpu);
}

void run(const Options& options) {
  const SystemClock clock;
  auto store = open_store(options.store);
  if (!store || !store.value()->migrate() || !store.value()->ready()) fail("the store is not ready");
  if (options.events == 0) return;

  const auto log = open_log(options, clock);
  if (const auto made = log->create_topics({std::string(kTopic)}); !made) fail(made.error().detail);
  preload(*log, options.events, options.payer, clock.now());
  apply_all(options, *log, *store.value(), clock);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  Options options;
  CLI::App app("One worker pool");
  app.add_option("--store", options.store, "postgresql://… or sqlite:FILE")->required();
  app.add_option("--kafka", options.brokers, "brokers; without them a log in memory");
  app.add_option("--topic-prefix", options.topic_prefix);
  app.add_option("--redis-port", options.redis_port);
  app.add_option("--events", options.events)->required();
  app.add_option("--batch", options.batch);
  app.add_flag_callback(
      "--named", [&] { options.payer = EventBodies::Payer::named; },
      "each payment names a user and a customer");
  app.add_flag_callback(
      "--deposits", [&] { options.payer = EventBodies::Payer::guest_or_depositor; },
      "every second payment is a deposit, and each session is followed by its intent");
  CLI11_PARSE(app, argc, argv);
  run(options);
}
