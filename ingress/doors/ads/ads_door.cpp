#include "ingress/doors/ads/ads_door.h"

#include <utility>

#include "common/core/uuid.h"
#include "ingress/doors/ads/impression_record.h"
#include "ingress/doors/idempotency_key.h"
#include "ingress/doors/refusals.h"
#include "ingress/intake/address_limit.h"

namespace penstock {
namespace {

// Who is let in, by the head of the request.
class Gate {
 public:
  Gate(const AdsDoorOptions& options, KnowsAd knows)
      : limit_({.count = options.impressions_per_second, .burst = 2 * options.impressions_per_second},
               options.trusted_proxies),
        knows_(std::move(knows)) {}

  // The rate comes first: it bounds guessing too.
  std::optional<Refused> judge(const http::Request& request, Timestamp now) {
    if (const auto over = limit_.admit(request, now))
      return refuse(kRateLimited, rate_limited("too many impressions from this address", over->wait),
                    "client " + std::string(over->client));
    const auto id = request.parameter("id");
    if (!is_uuid(id)) return refuse("ad_id_invalid", invalid_field("id", kIdForm), std::string(kIdForm));
    if (auto refused = judge_idempotency_key(request)) return refused;
    if (auto refused = judge_small_body(request)) return refused;
    if (!knows_(id))
      return refuse("ad_unknown", http::problem(404, "not_found", "there is no such ad"),
                    "ad " + std::string(id));
    return std::nullopt;
  }

 private:
  static constexpr std::string_view kIdForm = "must be a UUID: 36 characters, in lower case";

  AddressLimit limit_;
  const KnowsAd knows_;
};

}  // namespace

Door ads_door(const AdsDoorOptions& options, const Catalogue& catalogue, KnowsAd knows) {
  const auto gate = std::make_shared<Gate>(options, std::move(knows));
  return {.name = "ads",
          .paths = {"/v1/ads/{id}/impression"},
          .media_type = {},
          .refusal = "impression refused",
          .reasons = {kRateLimited, "ad_id_invalid", kIdempotencyKeyInvalid, kBodyTooLarge, "ad_unknown"},
          .accepted = {.status = 200, .body = R"({"received": true})"},
          .authenticate_head = [gate](const http::Request& request,
                                      Timestamp now) { return gate->judge(request, now); },
          .receive = [&catalogue](http::Request& request, Timestamp received_at) -> Received {
            return VerifiedEvent{impression_record(request.parameter("id"), idempotency_key(request),
                                                   std::move(request.body), catalogue, received_at)};
          }};
}

}  // namespace penstock
