#include "ingress/doors/ads/ads_door.h"

#include <cstring>
#include <utility>

#include "common/core/uuid.h"
#include "common/crypto/crypto.h"
#include "common/http/server/client_address.h"
#include "ingress/doors/ads/impression_record.h"
#include "ingress/doors/idempotency_key.h"
#include "ingress/doors/refusals.h"
#include "ingress/intake/rate_limit.h"

namespace penstock {
namespace {

std::uint64_t draw_secret() {
  std::uint64_t secret = 0;
  std::memcpy(&secret, crypto::random_bytes(sizeof secret).data(), sizeof secret);
  return secret;
}

// Who is let in, by the head of the request.
class Gate {
 public:
  Gate(const AdsDoorOptions& options, KnowsAd knows)
      : trusted_proxies_(options.trusted_proxies),
        knows_(std::move(knows)),
        limit_({.per_second = options.impressions_per_second, .burst = 2 * options.impressions_per_second},
               draw_secret()) {}

  // The rate comes first: it bounds guessing too.
  std::optional<Refused> judge(const http::Request& request, Timestamp now) {
    const auto client = http::client_address(request, trusted_proxies_);
    if (const auto wait = limit_.admit(http::client_group(client.address), now))
      return refuse("rate_limited", too_many(*wait), "client " + std::string(client.text));
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

  static http::Response too_many(Milliseconds wait) {
    return http::problem_with_retry(429, "rate_limited", "too many impressions from this address",
                                    std::chrono::ceil<std::chrono::seconds>(wait));
  }

  const std::vector<IpRange> trusted_proxies_;
  const KnowsAd knows_;
  RateLimit limit_;
};

}  // namespace

Door ads_door(const AdsDoorOptions& options, const Catalogue& catalogue, KnowsAd knows) {
  const auto gate = std::make_shared<Gate>(options, std::move(knows));
  return {.name = "ads",
          .paths = {"/v1/ads/{id}/impression"},
          .media_type = {},
          .refusal = "impression refused",
          .reasons = {"rate_limited", "ad_id_invalid", kIdempotencyKeyInvalid, kBodyTooLarge, "ad_unknown"},
          .accepted = {.status = 200, .body = R"({"received": true})"},
          .authenticate_head = [gate](const http::Request& request,
                                      Timestamp now) { return gate->judge(request, now); },
          .receive = [&catalogue](http::Request& request, Timestamp received_at) -> Received {
            return VerifiedEvent{impression_record(request.parameter("id"), idempotency_key(request),
                                                   std::move(request.body), catalogue, received_at)};
          }};
}

}  // namespace penstock
