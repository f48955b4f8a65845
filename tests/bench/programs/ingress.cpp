// bench_ingress: Penstock's public listener on one event loop, with Kafka, or with a log that costs nothing: it
// takes every record, forgets it, and acknowledges from a thread of its own in batches, as a real log does.

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/adapters/kafka/event_log.h"
#include "common/adapters/system_clock/system_clock.h"
#include "common/catalogue/catalogue.h"
#include "common/http/server/server.h"
#include "common/observe/metrics.h"
#include "ingress/doors/connectors/connector_door.h"
#include "ingress/doors/partners/partner_door.h"
#include "ingress/doors/stripe/stripe_door.h"
#include "tests/bench/programs/many_settings.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

class NullLog final : public EventSink {
 public:
  NullLog() : thread_([this](const std::stop_token& stop) { acknowledge(stop); }) {}

  Status append(Record, AppendDone done) override {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = open_.empty();
      open_.push_back(std::move(done));
    }
    if (first) appended_.notify_one();
    return ok();
  }

  Status flush(Milliseconds) override { return ok(); }
  Status ready(const std::vector<std::string>&) override { return ok(); }

 private:
  void acknowledge(const std::stop_token& stop) {
    std::vector<AppendDone> batch;
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock(mutex_);
        appended_.wait(lock, stop, [this] { return !open_.empty(); });
        batch.swap(open_);
      }
      for (const auto& done : batch) done(Position{"payments", {}, {}});
      batch.clear();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any appended_;
  std::vector<AppendDone> open_;
  std::jthread thread_;  // last: it uses all of the above
};

// Blocks SIGTERM in all threads, so that wait() gets it.
class Termination {
 public:
  Termination() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_{};
};

struct Options {
  std::string secret;
  std::string brokers;  // empty: the log that costs nothing
  std::string topic_prefix;
  std::size_t partners = 0;
  std::size_t connectors = 0;
};

std::unique_ptr<EventSink> open_log(const Options& options) {
  if (options.brokers.empty()) return std::make_unique<NullLog>();
  auto log = open_kafka_log({.brokers = options.brokers, .topic_prefix = options.topic_prefix});
  if (!log) fail(log.error().detail);
  const auto topics = Catalogue::builtin().topics();
  if (const auto made = log.value()->create_topics(topics); !made) fail(made.error().detail);
  if (const auto ready = log.value()->ready(topics); !ready) fail(ready.error().detail);
  return std::move(log.value());
}

std::vector<http::Route> routes(Intake& intake, const Options& options, const registry::Table& settings,
                                const waits::Table& waits) {
  auto all = intake.routes(stripe_door({.secrets = {options.secret}}, Catalogue::builtin()));
  for (auto& route : intake.routes(partner_door({}, Catalogue::builtin(), settings)))
    all.push_back(std::move(route));
  for (auto& route : intake.routes(connector_door({}, Catalogue::builtin(), settings, waits)))
    all.push_back(std::move(route));
  return all;
}

void serve(const Options& options) {
  const Termination termination;
  const auto log = open_log(options);
  const SystemClock clock;
  Metrics metrics;
  registry::Table settings;
  settings.replace(make_partners(options.partners, options.secret));
  settings.apply(make_connectors(options.connectors, options.secret));
  waits::Table waits;
  waits.replace({});
  Intake intake({}, *log, clock, metrics);
  http::HttpServer server({.threads = 1}, routes(intake, options, settings, waits), metrics);
  if (const auto started = server.start(); !started) fail(started.error().detail);
  report_listening(server.bound_address());
  termination.wait();
  server.stop(Milliseconds{1'000});
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  penstock::bench::Options options;
  CLI::App app("Penstock's ingress");
  app.add_option("--secret", options.secret)->required();
  app.add_option("--kafka", options.brokers, "brokers; without them a log that costs nothing");
  app.add_option("--topic-prefix", options.topic_prefix);
  app.add_option("--partners", options.partners, "that are known");
  app.add_option("--connectors", options.connectors, "that are known, of an org each");
  CLI11_PARSE(app, argc, argv);
  penstock::bench::serve(options);
}
