// Why no secret fits a Stripe-Signature.
#pragma once

#include <string>
#include <string_view>

#include "ingress/signatures/stripe_signature.h"

namespace penstock {

// For the log: a sentence that quotes neither header nor body. Pure, but not cheap: a body of up to 64 KiB is parsed to
// tell a wrong secret from a body that was written anew on its way; larger ones are not, nor those that would be many
// times as long when written as Stripe does.
std::string explain_mismatch(const StripeSignature& signature, std::string_view header,
                             std::string_view body);

}  // namespace penstock
