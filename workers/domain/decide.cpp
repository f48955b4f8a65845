#include "workers/domain/decide.h"

namespace penstock {
namespace {

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
    {"checkout.session.completed", read_as<SessionFacts, read_session>},
    {"checkout.session.async_payment_succeeded", read_as<SessionFacts, read_session>},
    {"checkout.session.async_payment_failed", read_as<SessionFacts, read_session>},
    {"checkout.session.expired", read_as<SessionFacts, read_session>},
    {"payment_intent.*", read_as<IntentFacts, read_intent>},
    {"charge.refunded", read_as<RefundFacts, read_refund>},
    {"charge.dispute.*", read_as<DisputeFacts, read_dispute>},
    {"customer.subscription.*", read_as<SubscriptionFacts, read_subscription>},
    {"invoice.paid", read_as<InvoiceFacts, read_invoice>},
    {"invoice.payment_failed", read_as<InvoiceFacts, read_invoice>},
    {"account.updated", read_as<AccountFacts, read_account>},
    {"payout.*", read_as<PayoutFacts, read_payout>},
};

bool takes(const Handler& handler, std::string_view type) {
  if (!handler.type.ends_with('*')) return handler.type == type;
  return type.starts_with(handler.type.substr(0, handler.type.size() - 1));
}

Effects ignored(std::string_view reason) {
  Effects effects;
  effects.outcome = Outcome::ignored;
  effects.reason = std::string(reason);
  return effects;
}

// Why events of this mode have no effect here; nullopt when they have.
std::optional<std::string_view> wrong_mode(const EventMeta& meta, StripeMode mode) {
  if (mode == StripeMode::live && !meta.livemode) return "test_mode";
  if (mode == StripeMode::test && meta.livemode) return "live_mode";
  return std::nullopt;
}

const EventMeta& meta_of(const Facts& facts) {
  return std::visit([](const auto& known) -> const EventMeta& { return known.meta; }, facts);
}

void name_reads(const View&, const UnhandledFacts&, Reads&) {}
Result<Effects> decide(const View&, const UnhandledFacts& facts, const Policy&) {
  return ignored(facts.reason);
}

}  // namespace

Result<Facts> understand(const Event& event) {
  for (const auto& handler : kHandlers)
    if (takes(handler, event.meta.type)) return handler.read(event);
  return Facts(UnhandledFacts{event.meta});
}

void name_reads(const View& view, const Facts& facts, Reads& reads) {
  std::visit([&](const auto& known) { name_reads(view, known, reads); }, facts);
}

Result<Effects> decide(const View& view, const Facts& facts, const Policy& policy) {
  if (const auto reason = wrong_mode(meta_of(facts), policy.stripe_mode)) return ignored(*reason);
  return std::visit([&](const auto& known) { return decide(view, known, policy); }, facts);
}

}  // namespace penstock
