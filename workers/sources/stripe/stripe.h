// Stripe's events (docs.stripe.com/api/events): read strictly into the domain's facts, of both API shapes
// where fields have moved. Thin events (`object` "v2.core.event") carry no snapshot: they are kept, and no
// handler takes them.
#pragma once

#include "common/core/stripe_mode.h"
#include "workers/sources/sources.h"

namespace penstock {

inline constexpr std::string_view kStripe = "stripe";

// Events of the other mode than `mode` are ignored: reason test_mode or live_mode.
Source stripe_source(StripeMode mode);

}  // namespace penstock
