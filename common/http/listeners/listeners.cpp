#include "common/http/listeners/listeners.h"

#include "common/observe/log.h"

namespace penstock {

http::ServerOptions server_options_at(const Address& address) {
  http::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  return options;
}

http::ServerOptions private_server_options(const Address& address, std::size_t connections_max,
                                           std::string metrics_prefix) {
  http::ServerOptions options = server_options_at(address);
  options.connections_max = connections_max;
  options.connections_per_address_max = connections_max;
  options.metrics_prefix = std::move(metrics_prefix);
  return options;
}

http::ServerOptions metrics_server_options(const Settings& settings) {
  return private_server_options(settings.metrics_listen, 64, "penstock_metrics");
}

Status start_listener(http::HttpServer& server, std::string_view listener) {
  auto started = server.start();
  if (started) {
    log::info("listening", {{"listener", listener}, {"address", server.bound_address()}});
  } else {
    log::error("cannot listen", {{"listener", listener}, {"detail", started.error().detail}});
  }
  return started;
}

}  // namespace penstock
