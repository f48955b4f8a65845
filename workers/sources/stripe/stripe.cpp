#include "workers/sources/stripe/stripe.h"

#include "workers/sources/stripe/readers.h"

namespace penstock {
namespace {

using stripe::Event;

constexpr std::size_t kIdBytesMax = 255;

template <class F, Result<F> (*read)(const Event&)>
Result<Facts> read_as(const Event& event) {
  TRY(auto facts, read(event));
  return Facts(std::move(facts));
}

// Event types by their name, or by all of it up to the star.
struct Handler {
  std::string_view type;
  Result<Facts> (*read)(const Event&);
};
constexpr Handler kHandlers[] = {
    {"checkout.session.completed", read_as<SessionFacts, stripe::read_session>},
    {"checkout.session.async_payment_succeeded", read_as<SessionFacts, stripe::read_session>},
    {"checkout.session.async_payment_failed", read_as<SessionFacts, stripe::read_session>},
    {"checkout.session.expired", read_as<SessionFacts, stripe::read_session>},
    {"payment_intent.*", read_as<IntentFacts, stripe::read_intent>},
    {"charge.refunded", read_as<RefundFacts, stripe::read_refund>},
    {"charge.dispute.*", read_as<DisputeFacts, stripe::read_dispute>},
    {"customer.subscription.*", read_as<SubscriptionFacts, stripe::read_subscription>},
    {"invoice.paid", read_as<InvoiceFacts, stripe::read_invoice>},
    {"invoice.payment_failed", read_as<InvoiceFacts, stripe::read_invoice>},
    {"account.updated", read_as<AccountFacts, stripe::read_account>},
    {"payout.*", read_as<PayoutFacts, stripe::read_payout>},
};

bool takes(const Handler& handler, std::string_view type) {
  if (!handler.type.ends_with('*')) return handler.type == type;
  return type.starts_with(handler.type.substr(0, handler.type.size() - 1));
}

// Why events of this mode have no effect here; nullopt when they have.
std::optional<std::string> wrong_mode(const EventMeta& meta, StripeMode mode) {
  if (mode == StripeMode::live && !meta.livemode) return "test_mode";
  if (mode == StripeMode::test && meta.livemode) return "live_mode";
  return std::nullopt;
}

std::optional<std::string> id_of(json::Value value) {
  const auto id = value.string();
  return id && id->size() <= kIdBytesMax ? std::optional<std::string>(*id) : std::nullopt;
}

bool is_thin(json::Value root) {
  return root["object"].string() == "v2.core.event" && root["id"].is_string() && root["type"].is_string();
}

ReadEvent read_thin(const RawEvent& raw, json::Value root) {
  EventMeta meta{raw.key, {}, std::string(raw.type), raw.created, {}, false};
  return {.facts = Facts{UnhandledFacts{std::move(meta), "thin_event"}},
          .entity = id_of(root["related_object"]["id"])};
}

Result<Facts> read_facts(const RawEvent& raw, const Event& event, StripeMode mode) {
  if (make_event_key(raw.source, event.meta.id) != raw.key)
    return Error{ErrorCode::invalid, "wrong_shape: event.id is not the one that the record is named by"};
  if (auto reason = wrong_mode(event.meta, mode))
    return Facts{UnhandledFacts{event.meta, *std::move(reason)}};
  return stripe::understand(event);
}

ReadEvent read(const RawEvent& raw, StripeMode mode) {
  auto document = json::Document::parse(raw.body);
  if (!document) return {document.error()};
  if (is_thin(document.value().root())) return read_thin(raw, document.value().root());
  const auto event = stripe::read_event(raw.key, std::move(document).value());
  if (!event) return {event.error()};
  return {.facts = read_facts(raw, event.value(), mode),
          .entity = id_of(event.value().object()["id"]),
          .created = event.value().meta.created};
}

}  // namespace

Result<Facts> stripe::understand(const Event& event) {
  for (const auto& handler : kHandlers)
    if (takes(handler, event.meta.type)) return handler.read(event);
  return Facts{UnhandledFacts{event.meta}};
}

Source stripe_source(StripeMode mode) {
  return {kStripe, [mode](const RawEvent& raw) { return read(raw, mode); }};
}

}  // namespace penstock
