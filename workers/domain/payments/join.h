// What two accounts of one Stripe object say together. Each join is commutative, associative and idempotent:
// the columns of a snapshot come from the event of the greatest version, all others only grow.
#pragma once

#include <string>
#include <vector>

#include "workers/domain/state/draft.h"

namespace penstock {

CheckoutSession join(const CheckoutSession& known, const CheckoutSession& shown);
PaymentIntent join(const PaymentIntent& known, const PaymentIntent& shown);
Charge join(const Charge& known, const Charge& shown);
Customer join(const Customer& known, const Customer& shown);

template <class R>
void join_into(Draft& draft, R shown) {
  const R* known = draft.find<R>(shown.id);
  draft.put(known != nullptr ? join(*known, shown) : std::move(shown));
}

// Ids in rising order, each once, empty ones left out.
std::vector<std::string> set_of(const std::vector<std::optional<std::string>>& ids);

}  // namespace penstock
