// How many requests in a time may come from one address.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/http/server/client_address.h"
#include "ingress/intake/rate_limit.h"

namespace penstock {

// Who is over the limit, and how long until it no longer is. Valid as long as the request.
struct OverLimit {
  std::string_view client;  // its address, as it was spelled
  Milliseconds wait;
};

// As RateLimit, whose clients are addresses, of IPv6 a /64. The address is the client's own, and behind one of
// `trusted_proxies` the one that X-Forwarded-For says.
class AddressLimit {
 public:
  AddressLimit(const RateLimitOptions& options, std::vector<IpRange> trusted_proxies)
      : limit_(options), trusted_proxies_(std::move(trusted_proxies)) {}

  // nullopt: it may come in.
  std::optional<OverLimit> admit(const http::Request& request, Timestamp now);

 private:
  RateLimit limit_;
  const std::vector<IpRange> trusted_proxies_;
};

// 429 with Retry-After: `what` is too much of, "too many impressions from this address".
http::Response rate_limited(std::string what, Milliseconds wait);

}  // namespace penstock
