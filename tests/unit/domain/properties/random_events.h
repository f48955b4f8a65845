// Random sets of events and the ways in which they may arrive.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/domain/world.h"

namespace penstock::testing {

using Events = std::vector<Event>;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound);
bool one_in(Random& random, std::size_t n);
template <class T>
T one_of(Random& random, const std::vector<T>& values) {
  return values[below(random, values.size())];
}

// Of a few payments, users and customers, whose ids are the same in every scope: live and test, of the
// platform and of two connected accounts.
Events any_payment_events(Random& random, std::size_t count);
// Of a few subscriptions and payouts, likewise, and account.updated of both accounts.
Events any_other_events(Random& random, std::size_t count);

// Each at least once, in any order, some again.
Events redelivered(Events events, Random& random);
void run_in_any_batches(World& world, const Events& events, Random& random);

std::string describe(const Events& events);
std::string differences(const std::map<std::string, std::string>& a,
                        const std::map<std::string, std::string>& b);

}  // namespace penstock::testing
