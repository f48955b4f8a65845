// penstock-worker: consumes the topics of its pools and applies the events to the store.
#include <cstdio>
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/config/command_line.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/kafka_log.h"
#include "common/wiring/seen_set.h"
#include "common/wiring/store.h"
#include "ingress/listeners/addresses.h"
#include "ingress/listeners/options.h"
#include "ingress/listeners/readiness_checks.h"
#include "ingress/routes/probes.h"
#include "workers/runtime/options.h"

namespace penstock {
namespace {

const CommandLineSpec kSpec{Program::worker,
                            "Consumes the topics of its pools and applies payments, subscriptions and "
                            "payouts to the store, exactly once.",
                            {{"--pool", "NAME[,NAME…]",
                              "The pools to run: payments, subscriptions, payouts, unrouted, or all", true}},
                            {}};

// Whether the log and the store are this version's; says what to do when they are not. Ones that cannot be
// reached are waited for by the workers themselves.
bool right_schemas(EventLog& event_log, Store& store) {
  for (const auto& checked : {event_log.ready(topics_in_use()), store.ready()}) {
    if (checked) continue;
    if (checked.error().code == ErrorCode::wrong_schema) {
      log::error("wrong schema", {{"detail", checked.error().detail}, {"run", "penstock-admin migrate"}});
      return false;
    }
    log::warn("not reachable yet", {{"detail", checked.error().detail}});
  }
  return true;
}

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
  if (!right_schemas(*event_log.value(), *store.value())) return EXIT_FAILURE;

  WorkerMetrics worker_metrics(metrics);
  bool failed = false;
  {
    const Pools running(pools_options(settings, std::move(pools)),
                        PoolsPorts{*event_log.value(), *store.value(), clock,
                                   [&settings, &store] { return open_seen_set(settings, *store.value()); }},
                        policy_of(settings), worker_metrics, metrics);
    Readiness readiness({log_check(settings, *event_log.value()),
                         store_check(settings, *store.value()),
                         {"pools", {}, [&running] { return running.ready(); }}});
    Probes probes({.serve_metrics = true, .name_causes = true}, readiness, metrics);
    http::HttpServer metrics_server(metrics_server_options(settings), probes.routes(), metrics);
    if (!start_listener(metrics_server, "metrics")) return EXIT_FAILURE;

    termination.wait([&running] { return running.failed(); });
    failed = running.failed();
    log::info("stopping", {});
    metrics_server.stop(Milliseconds{1'000});
  }
  log::info("stopped", {});
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  penstock::Termination termination;
  (void)penstock::raise_open_files_limit();
  const auto start = penstock::read_command_line(penstock::kSpec, argc, argv);
  if (const int* code = std::get_if<int>(&start)) return *code;
  const auto& invocation = std::get<penstock::Invocation>(start);
  auto pools = penstock::parse_pools(*invocation.option("--pool"));
  if (!pools) {
    std::fprintf(stderr, "penstock-worker: --pool: %s\n", pools.error().detail.c_str());
    return penstock::kExitUsage;
  }
  return penstock::run(invocation.settings, std::move(pools).value(), termination);
}
