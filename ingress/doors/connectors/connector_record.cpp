#include "ingress/doors/connectors/connector_record.h"

#include "ingress/doors/stripe/stripe_record.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "org";

}  // namespace

Record connector_record(std::string_view org, EventSummary event, std::string body,
                        const ConnectorDecision* decision, const Catalogue& catalogue,
                        Timestamp received_at) {
  Record record;
  record.topic =
      decision != nullptr ? catalogue.route(kSource, event.type).topic : std::string(kUnroutedTopic);
  record.key = event.id;
  record.value = std::move(body);
  record.headers = stripe_headers(std::move(event), connector_source(org), received_at);
  record.headers.emplace_back("ps_org", org);
  if (decision != nullptr) record.headers.emplace_back(kDecisionHeader, encode(*decision));
  return record;
}

}  // namespace penstock
