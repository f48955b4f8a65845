#include "ingress/admin/admin.h"

#include "common/catalogue/catalogue.h"
#include "common/http/listeners/listeners.h"
#include "common/wiring/addresses.h"

namespace penstock {
namespace {

constexpr Milliseconds kDrainDeadline{10'000};

AdminOptions admin_options(const Settings& settings) {
  AdminOptions options;
  options.token = settings.admin_token;
  options.group_prefix = settings.topic_prefix;
  options.pools = Catalogue::builtin().pools();
  options.store_address = store_address(settings);
  options.log_address = log_address(settings);
  options.pool_stuck_after = settings.pool_stuck_after;
  options.allow_hosts = settings.allow_hosts;
  options.outbound_timeout = settings.outbound_timeout;
  options.secret_overlap = settings.secret_overlap;
  return options;
}

}  // namespace

http::ServerOptions admin_server_options(const Settings& settings) {
  return private_server_options(settings.admin_listen, 256, "penstock_admin");
}

Admin::Admin(const Settings& settings, const AdminPorts& ports, const UpkeepPorts& upkeep)
    : settings_(settings),
      ports_(ports),
      upkeep_(upkeep),
      api_(ports, admin_options(settings)),
      server_(admin_server_options(settings), api_.routes(), ports.metrics) {}

Status Admin::start() {
  TRY_STATUS(start_listener(server_, "admin"));
  maintenance_.emplace(upkeep_.log, upkeep_.store, still_parked_in(ports_.store), ports_.clock,
                       RetentionTimes{settings_.inbox_retention, settings_.webhook_log_retention});
  SettingPublisherOptions publishing;
  publishing.table_is_filled = [this] { return upkeep_.registry.ready(); };
  setting_upkeep_.emplace(std::move(publishing), setting_ports(ports_));
  return ok();
}

void Admin::stop() {
  api_.end_waits();
  server_.stop(kDrainDeadline);
  maintenance_.reset();
  setting_upkeep_.reset();
}

}  // namespace penstock
