// The X-Signature header, for partners without a scheme of their own.
#pragma once

#include "ingress/signatures/body_code.h"

namespace penstock {

// X-Signature: HMAC-SHA256 of the body in 64 hexadecimal digits, upper or lower case.
std::unique_ptr<const SignatureScheme> x_signature(std::span<const std::string> secrets);

}  // namespace penstock
