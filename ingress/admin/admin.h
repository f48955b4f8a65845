// The private listener: the admin API, and the upkeep of what is stored. A part that programs assemble.
#pragma once

#include <optional>
#include <string>

#include "common/config/settings.h"
#include "common/wiring/registry.h"
#include "ingress/admin/api/admin_api.h"
#include "ingress/admin/settings/setting_publisher.h"
#include "workers/runtime/maintenance.h"

namespace penstock {

http::ServerOptions admin_server_options(const Settings& settings);

// What the upkeep is of.
struct UpkeepPorts {
  LogAdmin& log;
  StoreAdmin& store;
  const Registry& registry;
};

// The settings and the ports must outlive it.
class Admin {
 public:
  Admin(const Settings& settings, const AdminPorts& ports, const UpkeepPorts& upkeep);
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  // Serves from here on, and logs its address or why it cannot.
  Status start();
  // Answers what was asked. Blocks for 10 s at most.
  void stop();

  const std::string& address() const { return server_.bound_address(); }

 private:
  const Settings& settings_;
  const AdminPorts ports_;
  const UpkeepPorts upkeep_;
  AdminApi api_;
  http::HttpServer server_;
  std::optional<Maintenance> maintenance_;
  std::optional<SettingUpkeep> setting_upkeep_;
};

}  // namespace penstock
