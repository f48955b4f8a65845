// The HTTP sender, as this version of Penstock sends.
#pragma once

#include <memory>
#include <vector>

#include "common/net/ip_address.h"
#include "common/ports/http_sender.h"

namespace penstock {

// Connects to what AddressPolicy lets through, and to `allowed` (PENSTOCK_ALLOW_HOSTS, and what else the caller's own
// settings name). A sender keeps connections by host and not by who asked for them: two callers who may reach different
// addresses have a sender each. Errors: the system's CA certificates cannot be read.
Result<std::unique_ptr<HttpSender>> open_http_sender(std::vector<IpRange> allowed);

}  // namespace penstock
