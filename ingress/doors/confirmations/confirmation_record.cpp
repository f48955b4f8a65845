#include "ingress/doors/confirmations/confirmation_record.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "api";
constexpr std::string_view kType = "payment.confirmed";

}  // namespace

Record confirmation_record(const Confirmation& confirmation, std::string body, const Catalogue& catalogue,
                           Timestamp received_at) {
  Record record;
  record.topic = catalogue.route(kSource, kType).topic;
  record.key = confirmation.payment;
  record.value = std::move(body);
  record.headers.reserve(8);
  record.headers.emplace_back("ce_specversion", "1.0");
  record.headers.emplace_back("ce_id", confirmation.id);
  record.headers.emplace_back("ce_type", kType);
  record.headers.emplace_back("ce_source", std::string(kSource).append("/").append(confirmation.org));
  record.headers.emplace_back("ce_subject", confirmation.payment);
  record.headers.emplace_back("content-type", "application/json");
  record.headers.emplace_back("ps_receivedat", to_rfc3339(received_at));
  record.headers.emplace_back("ps_apikey", confirmation.key_id);
  return record;
}

}  // namespace penstock
