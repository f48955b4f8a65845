#include "ingress/signatures/x_signature.h"

namespace penstock {
namespace {

constexpr BodyCode kForm{.words = {.sender = "this sender",
                                   .field = "X-Signature",
                                   .fields = "X-Signature",
                                   .signature = "64 hex digits"},
                         .decode = &crypto::mac_from_hex};

}  // namespace

std::unique_ptr<const SignatureScheme> x_signature(std::span<const std::string> secrets) {
  return std::make_unique<BodyCodeSignature>(kForm, secrets);
}

}  // namespace penstock
