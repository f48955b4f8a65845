// penstock-admin: the private listener for operators; `penstock-admin migrate` prepares the topics and the
// store.
#include <cstdio>
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/config/command_line.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/kafka_log.h"
#include "common/wiring/store.h"
#include "ingress/admin/options.h"
#include "ingress/listeners/addresses.h"
#include "ingress/listeners/options.h"
#include "ingress/listeners/readiness_checks.h"
#include "workers/runtime/maintenance.h"

namespace penstock {
namespace {

constexpr Milliseconds kDrainDeadline{10'000};

const CommandLineSpec kSpec{
    Program::admin,
    "Serves the admin API on the private listener.",
    {},
    {{"migrate", "Create or update the topics and the store's schema, and exit", Program::migrate}}};

int migrate(EventLog& event_log, Store& store) {
  for (const auto& done : {event_log.create_topics(topics_in_use()), store.migrate()}) {
    if (done) continue;
    log::error("migration failed", {{"code", to_string(done.error().code)}, {"detail", done.error().detail}});
    return EXIT_FAILURE;
  }
  log::info("migrated", {});
  return EXIT_SUCCESS;
}

int serve(const Settings& settings, EventLog& event_log, Store& store, Metrics& metrics,
          Termination& termination) {
  const SystemClock clock;
  for (const auto& checked : {event_log.ready(topics_in_use()), store.ready()}) {
    if (checked || checked.error().code != ErrorCode::wrong_schema) continue;
    log::error("wrong schema", {{"detail", checked.error().detail}, {"run", "penstock-admin migrate"}});
    return EXIT_FAILURE;
  }
  Readiness readiness({log_check(settings, event_log), store_check(settings, store)});
  AdminApi api({store, event_log, clock, metrics, readiness}, admin_options(settings));
  http::HttpServer server(admin_server_options(settings), api.routes(), metrics);
  if (!start_listener(server, "admin")) return EXIT_FAILURE;
  const Maintenance maintenance(event_log, store, clock, settings.inbox_retention);

  termination.wait();
  log::info("stopping", {});
  server.stop(kDrainDeadline);
  log::info("stopped", {});
  return EXIT_SUCCESS;
}

int run(const Invocation& invocation, Termination& termination) {
  const bool serves = invocation.subcommand.empty();
  if (serves && !can_listen({{"PENSTOCK_ADMIN_LISTEN", invocation.settings.admin_listen}}))
    return EXIT_FAILURE;
  Metrics metrics;
  const auto event_log = open_kafka_log(invocation.settings, metrics);
  const auto store = open_store(invocation.settings);
  if (!event_log || !store) {
    log::error("cannot start", {{"detail", event_log ? store.error().detail : event_log.error().detail}});
    return EXIT_FAILURE;
  }
  if (invocation.subcommand == "migrate") return migrate(*event_log.value(), *store.value());
  return serve(invocation.settings, *event_log.value(), *store.value(), metrics, termination);
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  penstock::Termination termination;
  (void)penstock::raise_open_files_limit();
  const auto start = penstock::read_command_line(penstock::kSpec, argc, argv);
  if (const int* code = std::get_if<int>(&start)) return *code;
  return penstock::run(std::get<penstock::Invocation>(start), termination);
}
