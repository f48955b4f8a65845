#include "ingress/admin/api/receiver_url.h"

#include "common/net/outgoing_url.h"

namespace penstock::admin {
namespace {

const std::optional<IpAddress> kLocalhost{IpAddress::V4Bytes{127, 0, 0, 1}};

// nullopt: it may be sent to, as far as can be told without looking the name up.
std::optional<std::string> refusal_of(const OutgoingUrl& url, const AddressPolicy& policy) {
  const std::optional<IpAddress> address = url.literal || !is_loopback(url) ? url.literal : kLocalhost;
  if (address) return policy.refusal({*address, url.port, url.encrypted});
  if (!url.encrypted && !policy.allows_any())
    return "is http://, which is for addresses of PENSTOCK_ALLOW_HOSTS; use https://";
  return std::nullopt;
}

}  // namespace

std::string read_receiver_url(BodyReader& in, std::string_view name, const AddressPolicy& policy) {
  const auto given = in.optional_text(name, kUrlBytesMax);
  if (!given) {
    in.refuse(name, "is required");
    return {};
  }
  const auto url = parse_outgoing_url(*given, true);
  if (!url) {
    in.refuse(name, url.error().detail);
  } else if (const auto refusal = refusal_of(url.value(), policy)) {
    in.refuse(name, *refusal);
  }
  return *given;
}

}  // namespace penstock::admin
