#include "ingress/signatures/shopify_signature.h"

namespace penstock {
namespace {

constexpr BodyCode kForm{.words = {.sender = "Shopify",
                                   .field = "X-Shopify-Hmac-Sha256",
                                   .fields = "X-Shopify-Hmac-Sha256",
                                   .signature = "base64 of 32 bytes"},
                         .decode = &crypto::mac_from_base64};

}  // namespace

std::unique_ptr<const SignatureScheme> shopify_signature(std::span<const std::string> secrets) {
  return std::make_unique<BodyCodeSignature>(kForm, secrets);
}

}  // namespace penstock
