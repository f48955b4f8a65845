// What the sender on libcurl can be told.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/core/time.h"
#include "common/net/address_policy.h"

namespace penstock {

using IpAddresses = std::vector<IpAddress>;
// The addresses of a name, at least one, the preferred first. May block for as long as it likes. Errors say why.
using NameLookup = std::function<Result<IpAddresses>(const std::string& name)>;

// getaddrinfo(3): as the system is configured, /etc/hosts included.
Result<IpAddresses> system_lookup(const std::string& name);

struct CurlSenderOptions {
  AddressPolicy policy;
  std::string user_agent = "Penstock";
  // PEM. Read again after an hour at the latest.
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";

  // Of all requests that are under way; beyond either, further ones are overloaded. Each request needs one open file,
  // and two while it tries IPv6 and IPv4.
  std::size_t in_flight_max = 2'048;
  std::size_t in_flight_bytes_max = 64 * 1024 * 1024;  // URLs, headers and bodies

  std::size_t connections_kept_max = 1'024;  // idle ones
  Milliseconds connections_kept_for{60'000};
  Milliseconds connection_lifetime{600'000};  // then a new one is opened, to wherever the name leads by then

  NameLookup lookup = system_lookup;
  std::size_t lookup_threads_max = 16;  // look-ups at once; further ones wait
  std::size_t names_kept_max = 4'096;
  Milliseconds names_kept_for{30'000};
};

}  // namespace penstock
