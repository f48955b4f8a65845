// Signature verification over raw bytes, before anything is parsed. Nothing here reads a clock or a setting.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/time.h"
#include "common/crypto/crypto.h"

namespace penstock {

// Why a request is or is not believed; for the log and the metric, never for the caller.
enum class SignatureVerdict {
  valid,
  no_secret,  // none is configured
  header_missing,
  header_repeated,
  header_oversized,     // more elements than any sender makes
  timestamp_missing,    // none, or one that is no canonical positive decimal
  timestamp_ambiguous,  // two that differ
  timestamp_outside_tolerance,
  signature_missing,  // no element of a scheme we know
  signature_mismatch,
};

std::string_view to_string(SignatureVerdict verdict) noexcept;

// The Stripe-Signature header: HMAC-SHA256 over "<t>.<body>" with the whole secret string as key, in
// lower-case hex (docs.stripe.com/webhooks). Immutable, so any thread may use it; never blocks or throws.
class StripeSignature {
 public:
  // Any one of the secrets may have signed. Empty ones are never accepted; 16 candidates at most are used.
  // Without a tolerance (or with 0) the age of a signature is not checked.
  StripeSignature(std::span<const std::string> secrets, std::optional<std::chrono::seconds> tolerance);

  // `headers` are the values of all Stripe-Signature fields of the request; `body` its bytes as received.
  // Every secret is compared with every v1 element, in constant time.
  SignatureVerdict verify(std::span<const std::string_view> headers, std::string_view body,
                          Timestamp now) const;

 private:
  bool within_tolerance(std::int64_t signed_at, Timestamp now) const noexcept;

  std::deque<crypto::HmacSha256> keys_;
  std::optional<std::chrono::seconds> tolerance_;
};

}  // namespace penstock
