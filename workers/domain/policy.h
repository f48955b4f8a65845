// What deciding depends on besides events and rows: the operator's settings. The clock is not among them.
#pragma once

#include <vector>

#include "common/core/stripe_mode.h"
#include "common/core/time.h"

namespace penstock {

struct Policy {
  StripeMode stripe_mode = StripeMode::both;
  // Delays between a payout's failure and each call to retry it; as many retries as there are delays.
  std::vector<Milliseconds> payout_retry_delays = {std::chrono::hours{1}, std::chrono::hours{6},
                                                   std::chrono::hours{24}};
};

}  // namespace penstock
