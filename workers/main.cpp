// penstock-worker: consumes the topics of its pools and applies the events to the store.
#include <cstdio>
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/catalogue/catalogue.h"
#include "common/config/command_line.h"
#include "common/http/listeners/addresses.h"
#include "common/http/listeners/metrics_listener.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/http_sender.h"
#include "common/wiring/kafka_log.h"
#include "common/wiring/readiness_checks.h"
#include "common/wiring/registry.h"
#include "common/wiring/store.h"
#include "workers/options.h"

namespace penstock {
namespace {

std::string list_pools() {
  std::string lines;
  for (const auto& pool : all_pools()) lines.append(pool).append("\n");
  return lines;
}

CommandLineSpec command_line() {
  return {Program::worker,
          "Consumes the topics of its pools and applies payments, subscriptions and payouts to the store, "
          "exactly once.",
          {{"--pool", "NAME[,NAME…]", "The pools to run: " + known_pools() + ", or all", true}},
          {},
          {{"--list-pools", "Say the names of all pools, a line each, and exit", list_pools}}};
}

// The pool of outgoing webhooks, and the settings that it follows.
struct Deliveries {
  Deliveries(const Settings& settings, EventLog& log, Store& store, const Clock& clock, Metrics& metrics,
             std::unique_ptr<HttpSender> http_sender)
      : registry(settings, log, clock, metrics),
        sender(std::move(http_sender)),
        pool(delivery_pool_options(settings),
             delivery_pool_ports(store, *sender, registry, log, clock, metrics)) {}

  Registry registry;
  std::unique_ptr<HttpSender> sender;
  DeliveryPool pool;
};

int run(const Settings& settings, std::vector<std::string> pools, Termination& termination) {
  if (!can_listen({{"PENSTOCK_METRICS_LISTEN", settings.metrics_listen}})) return EXIT_FAILURE;
  const SystemClock clock;
  Metrics metrics;
  const auto event_log = open_kafka_log(settings, metrics);
  const auto store = open_store(settings);
  if (!event_log || !store) {
    log::error("cannot start", {{"detail", event_log ? store.error().detail : event_log.error().detail}});
    return EXIT_FAILURE;
  }
  if (!may_start({event_log.value()->ready(topics_in_use()), store.value()->ready()})) return EXIT_FAILURE;

  std::optional<Deliveries> deliveries;
  if (std::erase(pools, kDeliveriesPool) > 0) {
    auto sender = open_http_sender(settings.allow_hosts);
    if (settings.master_keys.empty() || !sender) {
      log::error("cannot start",
                 {{"detail", sender ? "the pool deliveries needs PENSTOCK_MASTER_KEY, to sign with"
                                    : sender.error().detail}});
      return EXIT_FAILURE;
    }
    deliveries.emplace(settings, *event_log.value(), *store.value(), clock, metrics,
                       std::move(sender).value());
  }

  bool failed = false;
  {
    const Pools running(pools_options(settings, std::move(pools)),
                        pools_ports(settings, *event_log.value(), *store.value(), clock), policy_of(settings),
                        metrics);
    std::vector<ReadinessCheck> checks{log_check(settings, *event_log.value()),
                                       store_check(settings, *store.value()),
                                       {"pools", {}, [&running] { return running.ready(); }}};
    if (deliveries) {
      checks.push_back(deliveries->registry.check());
      checks.push_back({"deliveries", {}, [&deliveries] { return deliveries->pool.ready(); }});
    }
    Readiness readiness(std::move(checks));
    MetricsListener metrics_listener(settings, readiness, metrics);
    if (!metrics_listener.start()) return EXIT_FAILURE;

    termination.wait([&running] { return running.failed(); });
    failed = running.failed();
    log::info("stopping", {});
  }
  log::info("stopped", {});
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  penstock::Termination termination;
  (void)penstock::raise_open_files_limit();
  const auto start = penstock::read_command_line(penstock::command_line(), argc, argv);
  if (const int* code = std::get_if<int>(&start)) return *code;
  const auto& invocation = std::get<penstock::Invocation>(start);
  auto pools = penstock::parse_pools(*invocation.option("--pool"));
  if (!pools) {
    std::fprintf(stderr, "penstock-worker: --pool: %s\n", pools.error().detail.c_str());
    return penstock::kExitUsage;
  }
  return penstock::run(invocation.settings, std::move(pools).value(), termination);
}
