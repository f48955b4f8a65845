// The Stripe-Signature header.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/time.h"
#include "ingress/signatures/signature.h"
#include "ingress/signatures/signing_keys.h"

namespace penstock {

// The Stripe-Signature header: HMAC-SHA256 over "<t>.<body>" with the whole secret string as key, in
// lower-case hex (docs.stripe.com/webhooks). Immutable, so any thread may use it; never blocks or throws.
class StripeSignature final : public SignatureScheme {
 public:
  // Any one of the secrets may have signed; every request is tried with all of them. Empty ones are never
  // accepted. Without a tolerance (or with 0) the age of a signature is not checked. With its keys kept as bytes it
  // takes about 260 bytes with two secrets; keyed, 2 KB and as much again for each thread that uses it.
  StripeSignature(std::span<const std::string> secrets, std::optional<std::chrono::seconds> tolerance,
                  SigningKeys::Kept kept = SigningKeys::Kept::keyed);

  // What can be told before the body is there; `headers` are the values of all Stripe-Signature fields of the
  // request. `valid` leaves the rest to the body. The age is judged here and nowhere else, so a body that
  // comes slowly does not make its signature stale.
  SignatureVerdict judge_header(std::span<const std::string_view> headers, Timestamp now) const;

  // Whether one of the secrets signed `body`, the bytes as received, under a header that judge_header() found
  // valid. Every secret is compared with every v1 element, in constant time.
  bool signed_by_us(std::string_view header, std::string_view body) const;

  // Likewise of a whole request.
  SignatureVerdict judge_head(const http::RequestHead& head, Timestamp now) const override;
  bool signed_by_us(const http::RequestHead& head, std::string_view body) const override;
  std::string explain(SignatureVerdict verdict, const http::RequestHead& head, std::string_view body,
                      Timestamp now) const override;

 private:
  SigningKeys keys_;
  std::optional<std::chrono::seconds> tolerance_;
};

// Whether one of the secrets signed, as StripeSignature::signed_by_us() tells it: for secrets that are asked about once, of
// which no object is made. Empty ones are never accepted.
bool is_stripe_signed(std::span<const std::string> secrets, const http::RequestHead& head,
                      std::string_view body);

// When the sender made the signature, by its own clock; nullopt when the header does not say.
std::optional<std::chrono::sys_seconds> signature_time(std::string_view header) noexcept;

}  // namespace penstock
