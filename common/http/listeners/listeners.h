// What the programs' HTTP listeners have in common.
#pragma once

#include <string_view>

#include "common/config/settings.h"
#include "common/http/server/server.h"

namespace penstock {

http::ServerOptions server_options_at(const Address& address);

// Of a listener for operators, probes and scrapers: few connections, which may all be of one address.
http::ServerOptions private_server_options(const Address& address, std::size_t connections_max,
                                           std::string metrics_prefix);
http::ServerOptions metrics_server_options(const Settings& settings);

// Starts the server and logs `listening` with its address, or why it cannot.
Status start_listener(http::HttpServer& server, std::string_view listener);

}  // namespace penstock
