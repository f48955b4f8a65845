#include "ingress/listeners/options.h"

#include <algorithm>
#include <thread>

#include "common/observe/log.h"

namespace penstock {
namespace {

http::ServerOptions at(const Address& address) {
  http::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  return options;
}

}  // namespace

http::ServerOptions public_server_options(const Settings& settings) {
  http::ServerOptions options = at(settings.listen);
  const int threads = settings.ingress_threads;
  options.threads =
      threads > 0 ? static_cast<std::size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  options.body_bytes_max = settings.body_bytes_max.count;
  options.body_bytes_total_max = settings.body_bytes_total_max.count;
  options.connections_max = static_cast<std::size_t>(settings.connections_max);
  options.connections_per_address_max = static_cast<std::size_t>(settings.connections_per_address_max);
  options.header_deadline = settings.header_timeout;
  options.body_deadline = settings.body_timeout;
  options.idle_deadline = settings.idle_timeout;
  return options;
}

http::ServerOptions admin_server_options(const Settings& settings) {
  http::ServerOptions options = at(settings.admin_listen);
  options.connections_max = 256;
  options.connections_per_address_max = 256;
  options.metrics_prefix = "penstock_admin";
  return options;
}

http::ServerOptions metrics_server_options(const Settings& settings) {
  http::ServerOptions options = at(settings.metrics_listen);
  options.connections_max = 64;
  options.connections_per_address_max = 64;
  options.metrics_prefix = "penstock_metrics";
  return options;
}

StripeWebhookOptions stripe_webhook_options(const Settings& settings) {
  StripeWebhookOptions options;
  options.secrets = settings.stripe_webhook_secrets;
  options.tolerance = std::chrono::floor<std::chrono::seconds>(settings.stripe_tolerance);
  options.ack_deadline = settings.ack_timeout;
  return options;
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
