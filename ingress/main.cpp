// penstock-ingress: the public listener on Kafka, with a private one for its metrics.
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/config/command_line.h"
#include "common/http/listeners/addresses.h"
#include "common/http/listeners/metrics_listener.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/kafka_log.h"
#include "common/wiring/readiness_checks.h"
#include "ingress/ingress.h"

namespace penstock {
namespace {

const CommandLineSpec kSpec{
    Program::ingress,
    "Receives webhooks: verifies each signature, makes the event durable in Kafka, answers.",
    {},
    {}};

int run(Settings settings, Termination& termination) {
  if (!can_listen(
          {{"PENSTOCK_LISTEN", settings.listen}, {"PENSTOCK_METRICS_LISTEN", settings.metrics_listen}}))
    return EXIT_FAILURE;
  fit_connections(settings, raise_open_files_limit(), metrics_server_options(settings).connections_max);
  const SystemClock clock;
  Metrics metrics;
  const auto event_log = open_kafka_log(settings, metrics);
  if (!event_log) {
    log::error("cannot open the log", {{"detail", event_log.error().detail}});
    return EXIT_FAILURE;
  }
  const Registry registry(settings, *event_log.value(), clock, metrics, true);
  Ingress ingress(settings, *event_log.value(), registry, clock, metrics);
  if (!may_start({ingress.ready()})) return EXIT_FAILURE;
  Readiness readiness({ingress.log_check(), registry.check(), ingress.waits_check(), ingress.claims_check()});
  MetricsListener metrics_listener(settings, readiness, metrics);
  if (!metrics_listener.start() || !ingress.start(readiness)) return EXIT_FAILURE;

  termination.wait();
  log::info("stopping", {});
  ingress.stop();
  log::info("stopped", {});
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  penstock::Termination termination;
  const auto start = penstock::read_command_line(penstock::kSpec, argc, argv);
  if (const int* code = std::get_if<int>(&start)) return *code;
  return penstock::run(std::get<penstock::Invocation>(start).settings, termination);
}
