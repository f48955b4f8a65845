#include "ingress/doors/partners/partner_door.h"

#include <utility>

#include "common/crypto/crypto.h"
#include "ingress/doors/partners/partner_record.h"
#include "ingress/doors/refusals.h"
#include "ingress/signatures/schemes.h"

namespace penstock {
namespace {

using registry::Partner;

constexpr std::string_view kUnknown = "unknown_partner";
constexpr std::string_view kDisabled = "partner_disabled";

// Takes as long to tell that an unknown partner has not signed as that a known one has not.
constexpr std::string_view kStandIn = "0123456789abcdef0123456789abcdef";

std::vector<std::string_view> all_reasons() {
  std::vector<std::string_view> reasons{kUnknown, kDisabled, kSettingsUnavailable};
  for (std::size_t i = 1; i < kSignatureVerdicts; ++i)
    reasons.push_back(to_string(static_cast<SignatureVerdict>(i)));
  return reasons;
}

Refused unknown(std::string_view partner) {
  return refuse(kUnknown, http::problem(404, "not_found", "there is no such partner"),
                "no partner is named \"" + std::string(partner.substr(0, 64)) +
                    "\"; PUT /v1/partners/{name} makes one");
}

Refused disabled() {
  return refuse(kDisabled, http::problem(403, "forbidden", "the partner is disabled"),
                "the partner is disabled");
}

struct PartnerDoor {
  const PartnerDoorOptions options;
  const registry::Table& settings;

  // nullptr: not known. Or why that cannot be told now.
  std::variant<const Partner*, Refused> find(const http::Request& request) const {
    const auto& known = settings.current();
    const auto* entry = known.find<Partner>(request.parameter("partner"));
    if (entry == nullptr && !known.filled()) return settings_unavailable(kNotReadYet);
    if (entry == nullptr) return nullptr;
    if (entry->value == nullptr)
      return settings_unavailable(
          "the partner's setting cannot be opened; PENSTOCK_MASTER_KEY lacks its key");
    return entry->value.get();
  }

  std::optional<Refused> judge(const Partner& partner, SignatureVerdict verdict,
                               const SignatureScheme& scheme, const http::Request& request,
                               Timestamp now) const {
    if (verdict == SignatureVerdict::valid) return std::nullopt;
    if (!partner.enabled) return unknown(request.parameter("partner"));
    return refuse(to_string(verdict),
                  http::problem(401, "signature_invalid", "the signature is missing or invalid"),
                  scheme.explain(verdict, request.head, request.body, now));
  }

  std::optional<Refused> authenticate_head(const http::Request& request, Timestamp now) const {
    auto found = find(request);
    if (auto* refused = std::get_if<Refused>(&found)) return std::move(*refused);
    const auto* partner = std::get<const Partner*>(found);
    if (partner == nullptr) return std::nullopt;  // refused with the body
    const auto scheme = make_scheme(partner->scheme, partner->secrets, options.tolerance);
    if (!scheme) return settings_unavailable("the partner's scheme is none of this version");
    return judge(*partner, scheme.value()->judge_head(request.head, now), *scheme.value(), request, now);
  }

  Received receive(http::Request& request, const Catalogue& catalogue, Timestamp now) const {
    auto found = find(request);
    if (auto* refused = std::get_if<Refused>(&found)) return std::move(*refused);
    const auto* partner = std::get<const Partner*>(found);
    if (partner == nullptr) {
      (void)crypto::hmac_sha256(kStandIn, {request.body});
      return unknown(request.parameter("partner"));
    }
    const auto scheme = make_scheme(partner->scheme, partner->secrets, options.tolerance);
    if (!scheme) return settings_unavailable("the partner's scheme is none of this version");
    const bool ours = scheme.value()->signed_by_us(request.head, request.body);
    if (auto refused = judge(*partner, ours ? SignatureVerdict::valid : SignatureVerdict::signature_mismatch,
                             *scheme.value(), request, now))
      return *std::move(refused);
    if (!partner->enabled) return disabled();
    const std::string name(request.parameter("partner"));
    return VerifiedEvent{
        partner_record({name, partner->org}, std::move(request.body), catalogue, now, &crypto::uuid_v7)};
  }
};

}  // namespace

Door partner_door(const PartnerDoorOptions& options, const Catalogue& catalogue,
                  const registry::Table& settings) {
  const auto door = std::make_shared<const PartnerDoor>(PartnerDoor{options, settings});
  return {.name = "partners",
          .paths = {"/v1/webhooks/partners/{partner}"},
          .media_type = "application/json",
          .refusal = "partner refused",
          .reasons = all_reasons(),
          .accepted = {.status = 200, .body = R"({"received": true})"},
          .authenticate_head = [door](const http::Request& request,
                                      Timestamp now) { return door->authenticate_head(request, now); },
          .receive = [door, &catalogue](http::Request& request,
                                        Timestamp now) { return door->receive(request, catalogue, now); }};
}

}  // namespace penstock
