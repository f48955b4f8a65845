// Which endpoints are this worker's. An endpoint is one worker's at a time, so that how much is sent to it at once, how fast, and
// whether at all is decided in one place. A worker that dies loses its endpoints when their leases end.
//
// All functions block on the store, and its errors are theirs.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/store.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

struct LeaseTerms {
  Store& store;
  const Clock& clock;
  std::string worker;  // the name of no other worker, nor of this one before it was started anew
  Milliseconds length;
};

// Takes endpoints to which something is due, or whose lease has ended: `at_most`, the longest due first, and none that is held.
Result<std::vector<DeliveryEndpoint>> claim_endpoints(const LeaseTerms& terms, std::size_t at_most,
                                                      const std::function<bool(const std::string&)>& is_held);

// Likewise those whose lease ends later than any can that was written by this worker's clock: it was another's, which is ahead, or it
// was set back since. Their workers may be dead, and nobody would know for as long as the clocks differ. To be asked once a lease.
Result<std::vector<DeliveryEndpoint>> claim_overlong_leases(
    const LeaseTerms& terms, std::size_t at_most, const std::function<bool(const std::string&)>& is_held);

// Has the leases of these last for the whole length from now. Says which of them another worker has by now.
Result<std::set<std::string>> renew_leases(const LeaseTerms& terms, std::vector<std::string> endpoints);

struct ReturnedEndpoint {
  DeliveryEndpoint endpoint;  // as the next worker is to find it
  std::optional<std::int64_t>
      looked_rev;  // of its row, when its deliveries were looked at; none: they were not
};
// Gives endpoints back, but for those that have changed since they were looked at: there may be more to send. Says which these are.
// One that was not looked at is given back in any case.
Result<std::set<std::string>> return_endpoints(const LeaseTerms& terms,
                                               std::vector<ReturnedEndpoint> returned);

}  // namespace penstock
