// What an operator needs to know about a refused signature. For the log only:
// the caller learns nothing of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ingress/signatures/stripe_signature.h"

namespace penstock {

// Why and what to do, in a sentence that quotes neither header nor body. Pure, but not cheap: a body of up to
// 64 KiB is parsed to tell a wrong secret from a body that was written anew on its way; larger ones are not,
// nor those that would be many times as long when written as Stripe does.
std::string explain(SignatureVerdict verdict, const StripeSignature& signature,
                    std::span<const std::string_view> headers, std::string_view body, Timestamp now);

}  // namespace penstock
