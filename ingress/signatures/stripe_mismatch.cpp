#include "ingress/signatures/stripe_mismatch.h"

#include "common/json/value.h"

namespace penstock {
namespace {

constexpr std::size_t kBodyBytesMax = 64 * 1024;
// Laid out as Stripe does, a body of many values that are nested deep is many times as long, and each secret
// is tried on that. No event of Stripe's is near these.
constexpr json::Limits kBodyLimits{.depth_max = 16, .values_max = 8'192};

}  // namespace

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
    return "wrong secret: the body looks as Stripe writes it; compare the secret configured for it (of the "
           "platform's endpoint: STRIPE_WEBHOOK_SECRET) with the one that Stripe shows with the endpoint";
  if (signature.signed_by_us(header, form))
    return "body re-serialised: the secret is right, but something on the way has parsed the body and "
           "written it anew; make it pass on the bytes as they come";
  return "body re-serialised, or wrong secret: the body is JSON, but not as Stripe writes it";
}

}  // namespace penstock
