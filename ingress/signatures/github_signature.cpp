#include "ingress/signatures/github_signature.h"

#include <algorithm>

namespace penstock {
namespace {

std::optional<crypto::Sha256Mac> decode(std::string_view digits) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'F'; };
  if (std::any_of(digits.begin(), digits.end(), is_upper)) return std::nullopt;
  return crypto::mac_from_hex(digits);
}

constexpr BodyCode kForm{.words = {.sender = "GitHub",
                                   .field = "X-Hub-Signature-256",
                                   .fields = "X-Hub-Signature-256",
                                   .signature = "sha256= and 64 lower-case hex digits"},
                         .prefix = "sha256=",
                         .decode = &decode,
                         .signs_empty_bodies = false};

}  // namespace

std::unique_ptr<const SignatureScheme> github_signature(std::span<const std::string> secrets) {
  return std::make_unique<BodyCodeSignature>(kForm, secrets);
}

}  // namespace penstock
