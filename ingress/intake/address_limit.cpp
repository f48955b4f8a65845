#include "ingress/intake/address_limit.h"

#include <utility>

namespace penstock {

std::optional<OverLimit> AddressLimit::admit(const http::Request& request, Timestamp now) {
  const auto client = http::client_address(request, trusted_proxies_);
  if (const auto wait = limit_.admit(http::client_group(client.address), now))
    return OverLimit{client.text, *wait};
  return std::nullopt;
}

http::Response rate_limited(std::string what, Milliseconds wait) {
  return http::problem_with_retry(429, "rate_limited", std::move(what),
                                  std::chrono::ceil<std::chrono::seconds>(wait));
}

}  // namespace penstock
