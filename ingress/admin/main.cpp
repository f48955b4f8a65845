// penstock-admin: the private listener for operators; `penstock-admin migrate`
// prepares the topics and the store.
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/config/command_line.h"
#include "common/http/listeners/addresses.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/http_sender.h"
#include "common/wiring/kafka_log.h"
#include "common/wiring/readiness_checks.h"
#include "common/wiring/store.h"
#include "ingress/admin/admin.h"
#include "ingress/admin/settings/reseal.h"

namespace penstock {
namespace {

const CommandLineSpec kSpec{
    Program::admin,
    "Serves the admin API on the private listener.",
    {},
    {{"migrate", "Create or update the topics and the store's schema, and exit", Program::migrate},
     {"reseal", "Move all settings to the first key of PENSTOCK_MASTER_KEY, while everything runs, and exit",
      Program::admin}}};

int run_migrate(LogAdmin& event_log, StoreAdmin& store) {
  if (const auto done = migrate(event_log, store); !done) {
    log::error("migration failed", {{"code", to_string(done.error().code)}, {"detail", done.error().detail}});
    return EXIT_FAILURE;
  }
  log::info("migrated", {});
  return EXIT_SUCCESS;
}

int run_reseal(const Settings& settings, EventLog& event_log, StoreAdapter& store) {
  if (!may_start({event_log.ready(topics_in_use()), store.ready()})) return EXIT_FAILURE;
  const SystemClock clock;
  const crypto::Sealer sealer(settings.master_keys);
  const registry::Table unused;
  const auto resealed = reseal_settings({store, event_log, sealer, unused, clock});
  if (!resealed) {
    log::error("not all settings were resealed, run it again",
               {{"code", to_string(resealed.error().code)}, {"detail", resealed.error().detail}});
    return EXIT_FAILURE;
  }
  log::info("settings resealed", {{"key", sealer.first_key_id()},
                                  {"settings", resealed.value().settings},
                                  {"changed", resealed.value().changed},
                                  {"unreadable", resealed.value().unreadable}});
  return resealed.value().unreadable == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int serve(const Settings& settings, EventLog& event_log, StoreAdapter& store, Metrics& metrics,
          Termination& termination) {
  if (!may_start({event_log.ready(topics_in_use()), store.ready()})) return EXIT_FAILURE;
  const SystemClock clock;
  const auto sender = open_http_sender(settings.allow_hosts);
  if (!sender) {
    log::error("cannot start", {{"detail", sender.error().detail}});
    return EXIT_FAILURE;
  }
  const Registry registry(settings, event_log, clock, metrics);
  Readiness readiness({log_check(settings, event_log), store_check(settings, store), registry.check()});
  Admin admin(settings,
              {store, store, event_log, event_log, registry.sealer(), registry.table(), clock, metrics,
               readiness, *sender.value()},
              {event_log, store, registry});
  if (!admin.start()) return EXIT_FAILURE;

  termination.wait();
  log::info("stopping", {});
  admin.stop();
  log::info("stopped", {});
  return EXIT_SUCCESS;
}

int run(const Invocation& invocation, Termination& termination) {
  const bool serves = invocation.subcommand.empty();
  const bool reseals = invocation.subcommand == "reseal";
  if (serves && !can_listen({{"PENSTOCK_ADMIN_LISTEN", invocation.settings.admin_listen}}))
    return EXIT_FAILURE;
  Metrics metrics;
  const auto event_log = open_kafka_log(invocation.settings, metrics);
  const auto store = open_store(invocation.settings);
  if (!event_log || !store) {
    log::error("cannot start", {{"detail", event_log ? store.error().detail : event_log.error().detail}});
    return EXIT_FAILURE;
  }
  if (reseals) return run_reseal(invocation.settings, *event_log.value(), *store.value());
  if (!serves) return run_migrate(*event_log.value(), *store.value());
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
