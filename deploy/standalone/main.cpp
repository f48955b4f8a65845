// penstock: every part in one process, on two SQLite files in its data folder unless the settings say
// otherwise.
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "common/adapters/system_clock/system_clock.h"
#include "common/config/command_line.h"
#include "common/config/generated.h"
#include "common/observe/log.h"
#include "common/process/open_files.h"
#include "common/process/termination.h"
#include "common/wiring/log.h"
#include "common/wiring/seen_set.h"
#include "common/wiring/store.h"
#include "deploy/standalone/banner.h"
#include "deploy/standalone/send/send.h"
#include "ingress/admin/options.h"
#include "ingress/listeners/addresses.h"
#include "ingress/listeners/options.h"
#include "ingress/listeners/readiness_checks.h"
#include "ingress/routes/probes.h"
#include "workers/runtime/maintenance.h"
#include "workers/runtime/options.h"

namespace penstock {
namespace {

constexpr Milliseconds kDrainDeadline{15'000};

const CommandLineSpec kSpec{
    Program::standalone,
    "Everything in one process: receives webhooks, applies them, serves the admin API. Needs no "
    "setting at all.",
    {},
    {send::subcommand()}};

// The parts in the order they depend on one another; destruction takes them down the other way round.
class Standalone {
 public:
  Standalone(const Settings& settings, EventLog& event_log, Store& store, const Clock& clock,
             Metrics& metrics)
      : settings_(settings),
        log_(event_log),
        store_(store),
        clock_(clock),
        metrics_(metrics),
        worker_metrics_(metrics_),
        circuit_(event_log, clock_, log_circuit_options(settings), metrics_),
        stripe_(stripe_webhook_options(settings), Catalogue::builtin(), circuit_, clock_, metrics_),
        readiness_({log_check(settings, circuit_),
                    store_check(settings, store),
                    {"pools", {}, [this] { return pools_->ready(); }}}),
        probes_({}, readiness_, metrics_),
        api_({store, event_log, clock_, metrics_, readiness_}, admin_options(settings)) {}

  Status start() {
    const std::vector<std::string> pools(std::begin(kPools), std::end(kPools));
    pools_.emplace(pools_options(settings_, pools),
                   PoolsPorts{log_, store_, clock_, [this] { return open_seen_set(settings_, store_); }},
                   policy_of(settings_), worker_metrics_, metrics_);
    maintenance_.emplace(log_, store_, clock_, settings_.inbox_retention);
    admin_server_.emplace(admin_server_options(settings_), api_.routes(), metrics_);
    TRY_STATUS(start_listener(*admin_server_, "admin"));
    auto routes = stripe_.routes();
    for (auto& route : probes_.routes()) routes.push_back(std::move(route));
    public_server_.emplace(public_server_options(settings_), std::move(routes), metrics_);
    return start_listener(*public_server_, "ingress");
  }

  // Lets everything that was accepted be acknowledged, then ends the private listener. Destruction ends the
  // workers.
  void stop() {
    public_server_->stop(kDrainDeadline);
    if (const auto flushed = log_.flush(settings_.ack_timeout); !flushed)
      log::warn("some records were not acknowledged before the end", {{"detail", flushed.error().detail}});
    maintenance_.reset();
    admin_server_->stop(kDrainDeadline);
  }

  bool failed() const { return pools_->failed(); }
  const std::string& public_address() const { return public_server_->bound_address(); }
  const std::string& admin_address() const { return admin_server_->bound_address(); }

 private:
  const Settings& settings_;
  EventLog& log_;
  Store& store_;
  const Clock& clock_;
  Metrics& metrics_;
  WorkerMetrics worker_metrics_;
  LogCircuit circuit_;
  StripeWebhook stripe_;
  std::optional<Pools> pools_;  // before what asks for their readiness
  Readiness readiness_;
  Probes probes_;
  AdminApi api_;
  std::optional<Maintenance> maintenance_;
  std::optional<http::HttpServer> admin_server_;
  std::optional<http::HttpServer> public_server_;
};

Result<GeneratedFiles> prepare_folder(Settings& settings) {
  TRY_STATUS(create_data_dir(settings.data_dir));
  return fill_from_data_dir(settings);
}

Status migrate(EventLog& event_log, Store& store) {
  TRY_STATUS(event_log.create_topics(topics_in_use()));
  return store.migrate();
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

  bool failed = false;
  {
    Standalone penstock(settings, *event_log.value(), *store.value(), clock, metrics);
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
