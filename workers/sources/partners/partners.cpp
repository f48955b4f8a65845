#include "workers/sources/partners/partners.h"

#include "workers/sources/partners/readers.h"

namespace penstock {
namespace {

using partners::Event;

constexpr std::size_t kIdBytesMax = 255;

template <class F, Result<F> (*read)(const Event&)>
Result<Facts> read_as(const Event& event) {
  TRY(auto facts, read(event));
  return Facts(std::move(facts));
}

struct Handler {
  std::string_view type;
  Result<Facts> (*read)(const Event&);
};
constexpr Handler kHandlers[] = {
    {"user.created", read_as<UserFacts, partners::read_user>},
    {"user.deleted", read_as<UserFacts, partners::read_user>},
    {"invoice.paid", read_as<InvoicePaymentFacts, partners::read_invoice>},
    {"invoice.failed", read_as<InvoicePaymentFacts, partners::read_invoice>},
    {"subscription.upgraded", read_as<PlanFacts, partners::read_plan>},
    {"subscription.canceled", read_as<PlanFacts, partners::read_plan>},
    {"trial.ending", read_as<TrialFacts, partners::read_trial>},
};

Result<Facts> understand(const Event& event) {
  for (const auto& handler : kHandlers)
    if (handler.type == event.meta.type) return handler.read(event);
  return Facts{UnhandledFacts{event.meta}};
}

std::optional<std::string> entity_of(const Event& event) {
  const auto id = event.data()["id"].string();
  return id && id->size() <= kIdBytesMax ? std::optional<std::string>(*id) : std::nullopt;
}

ReadEvent read(const RawEvent& raw) {
  auto document = json::Document::parse(raw.body);
  if (!document) return {document.error()};
  const auto event = partners::read_event(raw, std::move(document).value());
  if (!event) return {event.error()};
  return {.facts = understand(event.value()),
          .entity = entity_of(event.value()),
          .created = event.value().meta.created};
}

}  // namespace

Source partner_source() { return {kPartner, read}; }

}  // namespace penstock
