// The settings as the HTTP listeners take them.
#pragma once

#include "common/config/settings.h"
#include "ingress/routes/routes.h"
#include "ingress/server/server.h"

namespace penstock {

http::ServerOptions public_server_options(const Settings& settings);
http::ServerOptions admin_server_options(const Settings& settings);
http::ServerOptions metrics_server_options(const Settings& settings);
StripeWebhookOptions stripe_webhook_options(const Settings& settings);

// Starts the server and logs `listening` with its address, or why it cannot.
Status start_listener(http::HttpServer& server, std::string_view listener);

}  // namespace penstock
