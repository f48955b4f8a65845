#include "common/wiring/http_sender.h"

#include <utility>

#include "common/adapters/curl/http_sender.h"

namespace penstock {

Result<std::unique_ptr<HttpSender>> open_http_sender(std::vector<IpRange> allowed) {
  CurlSenderOptions options;
  options.policy = AddressPolicy(std::move(allowed));
  options.user_agent = "Penstock/" PENSTOCK_VERSION;
  TRY(auto sender, CurlHttpSender::open(std::move(options)));
  return std::unique_ptr<HttpSender>(std::move(sender));
}

}  // namespace penstock
