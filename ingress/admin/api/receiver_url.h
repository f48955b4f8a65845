// The URL of a receiver of webhooks, as settings give it.
#pragma once

#include <string>
#include <string_view>

#include "common/net/address_policy.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {

// The member of that name, which is required. Refused is what parse_outgoing_url() refuses, an address, or "localhost", that the policy
// keeps from being connected to, and http:// where nothing private may be reached. Where a name leads is judged at each attempt.
std::string read_receiver_url(BodyReader& in, std::string_view name, const AddressPolicy& policy);

}  // namespace penstock::admin
