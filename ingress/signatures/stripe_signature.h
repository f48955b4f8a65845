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
  element_malformed,    // a t or v1 without "="
  timestamp_missing,    // none, or one that is no canonical positive decimal
  timestamp_ambiguous,  // two that differ
  timestamp_outside_tolerance,
  signature_missing,  // no v1 of 64 characters
  signature_mismatch,
};
inline constexpr std::size_t kSignatureVerdicts = 11;

std::string_view to_string(SignatureVerdict verdict) noexcept;

// The Stripe-Signature header: HMAC-SHA256 over "<t>.<body>" with the whole secret string as key, in
// lower-case hex (docs.stripe.com/webhooks). Immutable, so any thread may use it; never blocks or throws.
class StripeSignature {
 public:
  // Any one of the secrets may have signed; every request is tried with all of them. Empty ones are never
  // accepted. Without a tolerance (or with 0) the age of a signature is not checked.
  StripeSignature(std::span<const std::string> secrets, std::optional<std::chrono::seconds> tolerance);

  // What can be told before the body is there; `headers` are the values of all Stripe-Signature fields of the
  // request. `valid` leaves the rest to the body. The age is judged here and nowhere else, so a body that
  // comes slowly does not make its signature stale.
  SignatureVerdict judge_header(std::span<const std::string_view> headers, Timestamp now) const;

  // Whether one of the secrets signed `body`, the bytes as received, under a header that judge_header() found
  // valid. Every secret is compared with every v1 element, in constant time.
  bool signed_by_us(std::string_view header, std::string_view body) const;

 private:
  bool within_tolerance(std::int64_t signed_at, Timestamp now) const noexcept;

  std::deque<crypto::HmacSha256> keys_;
  std::optional<std::chrono::seconds> tolerance_;
};

// When the sender made the signature, by its own clock; nullopt when the header does not say.
std::optional<std::chrono::sys_seconds> signature_time(std::string_view header) noexcept;

}  // namespace penstock
