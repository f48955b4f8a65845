#include "ingress/signatures/explain.h"

#include "common/core/check.h"
#include "common/json/value.h"

namespace penstock {
namespace {

constexpr std::size_t kBodyBytesMax = 64 * 1024;
// Laid out as Stripe does, a body of many values that are nested deep is many times as long, and each secret
// is tried on that. No event of Stripe's is near these.
constexpr json::Limits kBodyLimits{.depth_max = 16, .values_max = 8'192};

std::string explain_time(std::string_view header, Timestamp now) {
  const auto signed_at = signature_time(header);
  CHECK(signed_at);
  const auto age = (std::chrono::floor<std::chrono::seconds>(now) - *signed_at).count();
  if (age < 0)
    return "clock off by " + std::to_string(-age) +
           " s: signed in the future by this machine's clock; set the clocks";
  return "clock off by " + std::to_string(age) +
         " s, or an old request sent again: signed that long ago by this machine's clock";
}

std::string explain_mismatch(const StripeSignature& signature, std::string_view header,
                             std::string_view body) {
  if (body.size() > kBodyBytesMax)
    return "wrong secret, or the body was changed on its way; it is too large to tell which";
  const auto document = json::Document::parse(body, kBodyLimits);
  if (!document && document.error().detail.starts_with("too_"))
    return "wrong secret, or the body was changed on its way; it is too deep or has too many values to tell "
           "which";
  if (!document) return "wrong secret, or no event of Stripe's: the body is no JSON";
  const auto form = json::indented(document.value().root());
  if (form == body)
    return "wrong secret: the body looks as Stripe writes it; compare STRIPE_WEBHOOK_SECRET with the secret "
           "of this endpoint";
  if (signature.signed_by_us(header, form))
    return "body re-serialised: the secret is right, but something on the way has parsed the body and "
           "written it anew; make it pass on the bytes as they come";
  return "body re-serialised, or wrong secret: the body is JSON, but not as Stripe writes it";
}

}  // namespace

std::string explain(SignatureVerdict verdict, const StripeSignature& signature,
                    std::span<const std::string_view> headers, std::string_view body, Timestamp now) {
  switch (verdict) {
    case SignatureVerdict::valid:
      return "signed by one of our secrets";
    case SignatureVerdict::no_secret:
      return "no secret is configured: set STRIPE_WEBHOOK_SECRET";
    case SignatureVerdict::header_missing:
      return "no such header: there is no Stripe-Signature; not from Stripe, or dropped on its way";
    case SignatureVerdict::header_repeated:
      return "malformed header: more than one Stripe-Signature";
    case SignatureVerdict::header_oversized:
      return "malformed header: too many elements";
    case SignatureVerdict::element_malformed:
      return "malformed header: a t or v1 without =";
    case SignatureVerdict::timestamp_missing:
      return "malformed header: no t, or one that is no plain number of seconds";
    case SignatureVerdict::timestamp_ambiguous:
      return "malformed header: two t that differ";
    case SignatureVerdict::timestamp_outside_tolerance:
      return explain_time(headers[0], now);
    case SignatureVerdict::signature_missing:
      return "malformed header: no v1 of 64 hex digits";
    case SignatureVerdict::signature_mismatch:
      return explain_mismatch(signature, headers[0], body);
  }
  return {};
}

}  // namespace penstock
