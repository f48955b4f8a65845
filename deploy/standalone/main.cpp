// penstock: every part in one process, on two SQLite files in its data folder
// unless the settings say otherwise.
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "common/catalogue/catalogue.h"
#include "common/config/command_line.h"
#include "common/config/generated.h"
#include "common/http/listeners/addresses.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/http_sender.h"
#include "common/wiring/log.h"
#include "common/wiring/readiness_checks.h"
#include "common/wiring/store.h"
#include "deploy/standalone/banner.h"
#include "deploy/standalone/send/send.h"
#include "ingress/admin/admin.h"
#include "ingress/ingress.h"
#include "workers/options.h"

namespace penstock {
namespace {

const CommandLineSpec kSpec{
    Program::standalone,
    "Everything in one process: receives webhooks, applies them, serves the admin API. Needs no "
    "setting at all.",
    {},
    {send::subcommand()}};

// The parts in the order they depend on one another; destruction takes them down the other way round.
class Standalone {
 public:
  Standalone(const Settings& settings, EventLog& event_log, StoreAdapter& store, const Clock& clock,
             Metrics& metrics, HttpSender& sender)
      : registry_(settings, event_log, clock, metrics),
        ingress_(settings, event_log, registry_, clock, metrics),
        pools_(pools_options(settings, Catalogue::builtin().pools()),
               pools_ports(settings, event_log, store, clock), policy_of(settings), metrics),
        deliveries_(delivery_pool_options(settings),
                    delivery_pool_ports(store, sender, registry_, event_log, clock, metrics)),
        readiness_({ingress_.log_check(),
                    store_check(settings, store),
                    registry_.check(),
                    ingress_.waits_check(),
                    ingress_.claims_check(),
                    {"pools", {}, [this] { return pools_.ready(); }},
                    {"deliveries", {}, [this] { return deliveries_.ready(); }}}),
        admin_(settings,
               {store, store, event_log, event_log, registry_.sealer(), registry_.table(), clock, metrics,
                readiness_, sender},
               {event_log, store, registry_}) {}

  // The public listener last: then every other part serves.
  Status start() {
    TRY_STATUS(admin_.start());
    return ingress_.start(readiness_);
  }

  // Lets everything that was accepted be acknowledged, then ends the private
  // listener. Destruction ends the workers.
  void stop() {
    ingress_.stop();
    admin_.stop();
  }

  bool failed() const { return pools_.failed(); }
  const std::string& public_address() const { return ingress_.address(); }
  const std::string& admin_address() const { return admin_.address(); }

 private:
  Registry registry_;
  Ingress ingress_;
  Pools pools_;
  DeliveryPool deliveries_;
  Readiness readiness_;
  Admin admin_;
};

Result<GeneratedFiles> prepare_folder(Settings& settings) {
  TRY_STATUS(create_data_dir(settings.data_dir));
  return fill_from_data_dir(settings);
}

int fail(std::string_view what, const Error& error) {
  log::error(what, {{"code", to_string(error.code)}, {"detail", error.detail}});
  return EXIT_FAILURE;
}

int run(Settings settings, Termination& termination) {
  if (!can_listen({{"PENSTOCK_LISTEN", settings.listen}, {"PENSTOCK_ADMIN_LISTEN", settings.admin_listen}}))
    return EXIT_FAILURE;
  fit_connections(settings, raise_open_files_limit(), admin_server_options(settings).connections_max);
  const auto files = prepare_folder(settings);
  if (!files) return fail("cannot prepare the data folder", files.error());
  const SystemClock clock;
  Metrics metrics;
  const auto event_log = open_log(settings, clock, metrics);
  if (!event_log) return fail("cannot open the log", event_log.error());
  const auto store = open_store(settings);
  if (!store) return fail("cannot open the store", store.error());
  if (const auto migrated = migrate(*event_log.value(), *store.value()); !migrated)
    return fail("cannot prepare the log and the store", migrated.error());

  const auto sender = open_http_sender(settings.allow_hosts);
  if (!sender) return fail("cannot send", sender.error());

  bool failed = false;
  {
    Standalone penstock(settings, *event_log.value(), *store.value(), clock, metrics, *sender.value());
    if (!penstock.start()) return EXIT_FAILURE;
    print_banner(settings, files.value(), penstock.public_address(), penstock.admin_address());
    termination.wait([&penstock] { return penstock.failed(); });
    failed = penstock.failed();
    log::info("stopping", {});
    penstock.stop();
  }
  log::info("stopped", {});
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  const auto start = penstock::read_command_line(penstock::kSpec, argc, argv);
  if (const int* code = std::get_if<int>(&start)) return *code;
  const auto& invocation = std::get<penstock::Invocation>(start);
  if (!invocation.subcommand.empty()) return penstock::send::run(invocation);  // ended by a signal as usual
  penstock::Termination termination;
  return penstock::run(invocation.settings, termination);
}
