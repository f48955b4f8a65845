#include "ingress/doors/stripe/stripe_door.h"

#include <utility>

#include "common/crypto/crypto.h"
#include "ingress/doors/stripe/stripe_record.h"
#include "ingress/signatures/stripe_signature.h"

namespace penstock {
namespace {

std::vector<std::string_view> all_reasons() {
  std::vector<std::string_view> reasons;
  for (std::size_t i = 1; i < kSignatureVerdicts; ++i)
    reasons.push_back(to_string(static_cast<SignatureVerdict>(i)));
  return reasons;
}

std::optional<Refused> refuse_unless_valid(SignatureVerdict verdict, const SignatureScheme& scheme,
                                           const http::Request& request, Timestamp now) {
  if (verdict == SignatureVerdict::valid) return std::nullopt;
  return Refused{
      .reason = to_string(verdict),
      .answer = http::problem(401, "signature_invalid", "the signature is missing or invalid"),
      .detail = [&, verdict, now] { return scheme.explain(verdict, request.head, request.body, now); }};
}

}  // namespace

Door stripe_door(const StripeDoorOptions& options, const Catalogue& catalogue) {
  const auto scheme = std::make_shared<const StripeSignature>(options.secrets, options.tolerance);
  return {
      .name = "stripe",
      .paths = {"/v1/webhook/stripe", "/api/webhooks/stripe"},
      .media_type = "application/json",
      .refusal = "signature refused",
      .reasons = all_reasons(),
      .accepted = {.status = 200, .body = R"({"received": true})"},  // sent as it is
      .authenticate_head =
          [scheme](const http::Request& request, Timestamp now) {
            return refuse_unless_valid(scheme->judge_head(request.head, now), *scheme, request, now);
          },
      .receive = [scheme, &catalogue](http::Request& request, Timestamp now) -> Received {
        const bool ours = scheme->signed_by_us(request.head, request.body);
        if (auto refused = refuse_unless_valid(
                ours ? SignatureVerdict::valid : SignatureVerdict::signature_mismatch, *scheme, request, now))
          return *std::move(refused);
        return VerifiedEvent{stripe_record(std::move(request.body), catalogue, now, &crypto::uuid_v7)};
      }};
}

}  // namespace penstock
