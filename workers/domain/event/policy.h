// What deciding depends on besides events and rows: the operator's settings. The clock is not among them.
#pragma once

#include <vector>

#include "common/core/time.h"
#include "workers/domain/event/event.h"

namespace penstock {

struct Policy {
  // Whether what connected accounts say may touch the platform's wallets, profiles and grants. What another org
  // says never does.
  bool trust_connected_accounts = false;
  // Delays between a payout's failure and each call to retry it; as many retries as there are delays.
  std::vector<Milliseconds> payout_retry_delays = {std::chrono::hours{1}, std::chrono::hours{6},
                                                   std::chrono::hours{24}};

  // Delays between the look-ups of a payment that a confirmation waits for: one look-up more than there are delays.
  std::vector<Milliseconds> payment_lookup_delays = {std::chrono::seconds{1}, std::chrono::seconds{5},
                                                     std::chrono::seconds{30}, std::chrono::minutes{5},
                                                     std::chrono::minutes{30}};

  bool trusts(const EventMeta& event) const {
    return !event.org && (!event.account || trust_connected_accounts);
  }
};

}  // namespace penstock
