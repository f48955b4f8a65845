#include "ingress/doors/confirmations/confirmations_door.h"

#include <algorithm>

#include "common/crypto/crypto.h"
#include "common/registry/api_key.h"
#include "ingress/doors/api_key.h"
#include "ingress/doors/confirmations/confirmation_record.h"
#include "ingress/doors/idempotency_key.h"
#include "ingress/doors/refusals.h"
#include "ingress/fields/body_reader.h"

namespace penstock {
namespace {

constexpr std::string_view kPaymentId = "payment_id";
constexpr std::string_view kBodyInvalid = "body_invalid";

std::vector<std::string_view> all_reasons() {
  std::vector<std::string_view> reasons(kApiKeyReasons.begin(), kApiKeyReasons.end());
  reasons.insert(reasons.end(), {kBodyTooLarge, kIdempotencyKeyInvalid, kBodyInvalid});
  return reasons;
}

bool is_payment_id(std::string_view text) noexcept {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return (text.starts_with("cs_") || text.starts_with("pi_")) && text.size() > 3 &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

std::string read_payment_id(BodyReader& in) {
  std::string id = in.id(kPaymentId);
  if (!is_payment_id(id))
    in.refuse(kPaymentId, "must be the id of a checkout session (cs_…) or of a payment intent (pi_…)");
  return id;
}

Refused refuse_body(http::Response answer, const KeyHolder& holder) {
  std::string detail = "of key " + holder.key_id;
  if (answer.problem)
    for (const auto& [field, why] : answer.problem->fields)
      detail.append(", ").append(field).append(" ").append(why);
  return refuse(kBodyInvalid, std::move(answer), std::move(detail));
}

struct ConfirmationsDoor {
  const Catalogue& catalogue;
  const registry::Table& settings;

  std::optional<Refused> authenticate_head(const http::Request& request) const {
    auto holder = authenticate_api_key(request, registry::kPaymentsConfirm, settings);
    if (auto* refused = std::get_if<Refused>(&holder)) return std::move(*refused);
    if (auto refused = judge_small_body(request)) return refused;
    return judge_idempotency_key(request);
  }

  Received receive(http::Request& request, Timestamp now) const {
    auto judged = authenticate_api_key(request, registry::kPaymentsConfirm, settings);
    if (auto* refused = std::get_if<Refused>(&judged)) return std::move(*refused);
    const auto& holder = std::get<KeyHolder>(judged);
    BodyReader in(request);
    const std::string payment = read_payment_id(in);
    if (auto refusal = in.refusal()) return refuse_body(*std::move(refusal), holder);
    const auto given = idempotency_key(request);
    const std::string id = given ? std::string(*given) : crypto::uuid_v7(now);
    return VerifiedEvent{confirmation_record({id, holder.org, holder.key_id, payment},
                                             std::move(request.body), catalogue, now)};
  }
};

}  // namespace

Door confirmations_door(const Catalogue& catalogue, const registry::Table& settings) {
  const ConfirmationsDoor door{catalogue, settings};
  return {.name = "confirmations",
          .paths = {"/v1/webhook/payment-succeeded"},
          .media_type = "application/json",
          .refusal = "confirmation refused",
          .reasons = all_reasons(),
          .accepted = {.status = 200, .body = R"({"received": true})"},
          .authenticate_head = [door](const http::Request& request,
                                      Timestamp) { return door.authenticate_head(request); },
          .receive = [door](http::Request& request, Timestamp now) { return door.receive(request, now); }};
}

}  // namespace penstock
