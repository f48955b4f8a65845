#include "ingress/doors/ads/impression_record.h"

#include "common/crypto/crypto.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "ads";
constexpr std::string_view kType = "ad.impression";

}  // namespace

Record impression_record(std::string_view ad, std::optional<std::string_view> idempotency_key,
                         std::string body, const Catalogue& catalogue, Timestamp received_at) {
  Record record;
  record.topic = catalogue.route(kSource, kType).topic;
  record.key = ad;
  record.value = std::move(body);
  record.headers.reserve(7);
  record.headers.emplace_back("ce_specversion", "1.0");
  if (idempotency_key) record.headers.emplace_back("ce_id", crypto::uuid_v5(ad, *idempotency_key));
  record.headers.emplace_back("ce_type", kType);
  record.headers.emplace_back("ce_source", kSource);
  record.headers.emplace_back("ce_subject", ad);
  record.headers.emplace_back("content-type", "application/octet-stream");
  record.headers.emplace_back("ps_receivedat", to_rfc3339(received_at));
  return record;
}

}  // namespace penstock
