// penstock-ingress: the public listener. Verifies, appends to the log, acknowledges. The log is all it
// depends on.
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/config/command_line.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/kafka_log.h"
#include "ingress/listeners/addresses.h"
#include "ingress/listeners/options.h"
#include "ingress/listeners/readiness_checks.h"
#include "ingress/routes/probes.h"

namespace penstock {
namespace {

constexpr Milliseconds kDrainDeadline{15'000};

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
  const auto opened = open_kafka_log(settings, metrics);
  if (!opened) {
    log::error("cannot open the log", {{"detail", opened.error().detail}});
    return EXIT_FAILURE;
  }
  EventLog& event_log = *opened.value();
  LogCircuit circuit(event_log, clock, log_circuit_options(settings), metrics);
  if (const auto first = circuit.ready(topics_in_use());
      !first && first.error().code == ErrorCode::wrong_schema) {
    log::error("wrong schema", {{"detail", first.error().detail}, {"run", "penstock-admin migrate"}});
    return EXIT_FAILURE;
  }

  StripeWebhook stripe(stripe_webhook_options(settings), Catalogue::builtin(), circuit, clock, metrics);
  Readiness readiness({log_check(settings, circuit)});
  Probes public_probes({}, readiness, metrics);
  Probes private_probes({.serve_metrics = true, .name_causes = true}, readiness, metrics);
  auto routes = stripe.routes();
  for (auto& route : public_probes.routes()) routes.push_back(std::move(route));
  http::HttpServer server(public_server_options(settings), std::move(routes), metrics);
  http::HttpServer metrics_server(metrics_server_options(settings), private_probes.routes(), metrics);
  if (!start_listener(metrics_server, "metrics") || !start_listener(server, "ingress")) return EXIT_FAILURE;

  termination.wait();
  log::info("stopping", {});
  server.stop(kDrainDeadline);
  if (const auto flushed = event_log.flush(settings.ack_timeout); !flushed)
    log::warn("some records were not acknowledged before the end", {{"detail", flushed.error().detail}});
  metrics_server.stop(Milliseconds{1'000});
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
