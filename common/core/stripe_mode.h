// Which of Stripe's modes have effects; events of the other are acknowledged and ignored
// (PENSTOCK_STRIPE_MODE).
#pragma once

#include <cstdint>

namespace penstock {

enum class StripeMode : std::uint8_t { both, live, test };

}  // namespace penstock
