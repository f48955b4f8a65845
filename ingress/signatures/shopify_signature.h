// The X-Shopify-Hmac-Sha256 header.
#pragma once

#include "ingress/signatures/body_code.h"

namespace penstock {

// X-Shopify-Hmac-Sha256: HMAC-SHA256 of the body in base64 (shopify.dev/docs/apps/build/webhooks).
std::unique_ptr<const SignatureScheme> shopify_signature(std::span<const std::string> secrets);

}  // namespace penstock
