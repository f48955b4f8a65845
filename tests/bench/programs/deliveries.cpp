// bench_deliveries: the pool of deliveries as it is, on PostgreSQL, with a sender that may connect to bench_sink.
//
//   --as backlog  all events stand in the outbox before the pool starts; the clock runs from its start until all have
//                 arrived and what came of them is written. CPU time is this process's, and that of PostgreSQL's
//   --as paced    --rate events a second are written, one a transaction, while the pool runs; what is told is how long it takes from
//                 the end of each COMMIT to its arrival
//
// Endpoints take turns, so that each event is for one of them. Of those that are dead nothing is waited for.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/adapters/curl/http_sender.h"
#include "common/adapters/system_clock/system_clock.h"
#include "common/observe/metrics.h"
#include "tests/bench/programs/outgoing.h"
#include "tests/bench/programs/report.h"
#include "workers/deliveries/delivery_pool.h"

namespace penstock::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Options {
  std::string store;
  std::uint16_t sink = 0;
  std::string path = "now";
  std::uint16_t dead_sink = 0;
  std::size_t endpoints = 1;
  std::size_t dead = 0;
  std::size_t events = 0;  // for those that are not dead
  std::size_t rate = 200;  // likewise
  Milliseconds timeout{15'000};
  int postgres = 0;
};

// Endpoints come first, then those that are dead.
std::vector<std::string> urls_of(const Options& options) {
  std::vector<std::string> urls;
  for (std::size_t n = 0; n < options.endpoints; ++n)
    urls.push_back(fmt::format("http://127.0.0.1:{}/{}/{}", options.sink, options.path, n));
  for (std::size_t n = 0; n < options.dead; ++n)
    urls.push_back(fmt::format("http://127.0.0.1:{}/never/{}", options.dead_sink, n));
  return urls;
}

OutboxRow event_for(std::size_t endpoint, std::size_t n) {
  return make_outbound_event(n, endpoint_org(endpoint), endpoint_type(endpoint));
}

class Gateway {
 public:
  Gateway(const Options& options, StoreAdapter& store, const Clock& clock) : store_(store), clock_(clock) {
    settings_.replace(make_endpoints(urls_of(options)));
    CurlSenderOptions sending;
    sending.policy = AddressPolicy({parse_ip_range("127.0.0.0/8").value()});
    auto sender = CurlHttpSender::open(std::move(sending));
    if (!sender) fail(sender.error().detail);
    sender_ = std::move(sender).value();
    pool_options_.dispatcher = {.worker = "bench",
                                .schedule = {Milliseconds{5'000}, Milliseconds{300'000}},
                                .timeout = options.timeout};
  }

  void start() {
    pool_.emplace(pool_options_, DeliveryPoolPorts{store_, *sender_, settings_, clock_, metrics_,
                                                   [](const std::string&) { return ok(); }});
  }
  void stop() { pool_.reset(); }

 private:
  StoreAdapter& store_;
  const Clock& clock_;
  registry::Table settings_;
  Metrics metrics_;
  std::unique_ptr<CurlHttpSender> sender_;
  DeliveryPoolOptions pool_options_;
  std::optional<DeliveryPool> pool_;
};

void deliver_backlog(const Options& options) {
  const SystemClock clock;
  const auto store = open_migrated_store(options.store);
  std::vector<OutboxRow> events;
  for (std::size_t n = 0; n < options.events; ++n) events.push_back(event_for(n % options.endpoints, n));
  write_all_events(*store, clock, std::move(events));

  Gateway gateway(options, *store, clock);
  const auto began = SteadyClock::now();
  const auto cpu_before = cpu_used(), server_before = cpu_used_by_children_of(options.postgres);
  gateway.start();
  wait_for_arrivals(options.sink, options.events);
  gateway.stop();
  report_events(options.events, SteadyClock::now() - began, cpu_used() - cpu_before,
                cpu_used_by_children_of(options.postgres) - server_before);
}

// Of those that are dead each gets as many as each of the others.
class Writer {
 public:
  Writer(const Options& options, StoreAdapter& store, const Clock& clock)
      : options_(options), store_(store), clock_(clock), committed_(options.events) {}

  void run() {
    const auto began = SteadyClock::now();
    const Seconds each{1.0 / static_cast<double>(options_.rate)};
    for (std::size_t n = 0; n < options_.events; ++n) {
      std::this_thread::sleep_until(
          began + std::chrono::duration_cast<SteadyClock::duration>(each * static_cast<double>(n)));
      std::vector<OutboxRow> events{event_for(n % options_.endpoints, n)};
      if (const auto dead = dead_after(n))
        events.push_back(event_for(options_.endpoints + *dead, options_.events + n));
      write_events(store_, clock_, std::move(events));
      committed_[n] = SteadyClock::now();
    }
  }

  SteadyClock::time_point committed(std::size_t n) const { return committed_.at(n); }

 private:
  std::optional<std::size_t> dead_after(std::size_t n) const {
    if (options_.dead == 0 || n % options_.endpoints % (options_.endpoints / options_.dead) != 0)
      return std::nullopt;
    return n % options_.endpoints / (options_.endpoints / options_.dead);
  }

  const Options& options_;
  StoreAdapter& store_;
  const Clock& clock_;
  std::vector<SteadyClock::time_point> committed_;
};

Seconds waited_at_most(std::vector<Seconds>& waits, double part) {
  const auto at = waits.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(waits.size() - 1));
  std::nth_element(waits.begin(), at, waits.end());
  return *at;
}

void deliver_paced(const Options& options) {
  const SystemClock clock;
  const auto store = open_migrated_store(options.store);
  Gateway gateway(options, *store, clock);
  Writer writer(options, *store, clock);
  gateway.start();
  const auto began = SteadyClock::now();
  writer.run();
  const auto arrivals = wait_for_arrivals(options.sink, options.events);
  const Seconds took = SteadyClock::now() - began;
  std::vector<Seconds> waits;
  for (const auto& [event, at_ns] : arrivals)
    waits.push_back(SteadyClock::time_point(std::chrono::nanoseconds{at_ns}) - writer.committed(event));
  report_answers(options.events, took, waited_at_most(waits, 0.5), waited_at_most(waits, 0.99));
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  Options options;
  std::string as;
  std::size_t timeout_ms = 15'000;
  CLI::App app("The pool of deliveries");
  app.add_option("--as", as)->required()->check(CLI::IsMember({"backlog", "paced"}));
  app.add_option("--store", options.store, "postgresql://…")->required();
  app.add_option("--sink", options.sink, "the port of bench_sink")->required();
  app.add_option("--path", options.path, "of the URLs: now, after/5");
  app.add_option("--endpoints", options.endpoints);
  app.add_option("--dead", options.dead, "endpoints that never answer, one for so many others");
  app.add_option("--dead-sink", options.dead_sink, "another bench_sink");
  app.add_option("--events", options.events)->required();
  app.add_option("--rate", options.rate);
  app.add_option("--timeout-ms", timeout_ms);
  app.add_option("--postgres", options.postgres, "the id of its server's first process");
  CLI11_PARSE(app, argc, argv);
  options.timeout = penstock::Milliseconds{timeout_ms};
  as == "backlog" ? deliver_backlog(options) : deliver_paced(options);
}
