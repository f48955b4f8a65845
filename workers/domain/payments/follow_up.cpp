#include "workers/domain/payments/follow_up.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/join.h"

namespace penstock {
namespace {

void forget_versions(CheckoutSession& row) { row.version = {}; }
void forget_versions(PaymentIntent& row) { row.version.reset(); }
void forget_versions(Charge& row) {
  row.version.reset();
  row.dispute_version.reset();
}
void forget_versions(Customer& row) { row.linked_by.reset(); }
void forget_versions(Fulfillment&) {}

template <class R>
bool shows_more(const View& before, const Effects& effects) {
  for (R row : std::get<TypedRows<R>>(effects.changed).rows) {
    const R* known = before.find<R>(row_key(row));
    if (known == nullptr) return true;
    R was = *known;
    forget_versions(was);
    forget_versions(row);
    if (row != was) return true;
  }
  return false;
}

bool adds_anything(const Effects& effects) {
  return std::apply([](const auto&... table) { return (!table.rows.empty() || ...); }, effects.added);
}

}  // namespace

std::vector<std::string> sessions_around(const Draft& draft, const std::vector<std::string>& intents) {
  const Draft before = draft.before();
  std::vector<std::optional<std::string>> sessions;
  for (const auto& intent : intents)
    for (const auto* rows : {&before, &draft})
      for (const auto& session : sessions_of(*rows, intent)) sessions.emplace_back(session);
  return set_of(sessions);
}

PaymentStatus status_before(const Draft& draft, const std::optional<std::string>& session,
                            const std::optional<std::string>& intent) {
  PaymentRows rows;
  const Draft before = draft.before();
  rows.session = before.find<CheckoutSession>(session);
  rows.intent = before.find<PaymentIntent>(intent);
  return shown_status(rows);
}

void enqueue_status(Draft& draft, PaymentStatus before, const PaymentRows& after, const EventMeta& meta) {
  const PaymentStatus now = shown_status(after);
  const bool tells = now == PaymentStatus::paid || now == PaymentStatus::failed;
  if (!tells || before >= now) return;
  const Payment payment = project(after);
  enqueue_outbound(draft.effects(), now == PaymentStatus::paid ? "payment.succeeded" : "payment.failed",
                   cause_of(draft.scope(), payment.payment_intent.value_or(payment.id)), meta.key,
                   json::to_text(payment));
}

Effects conclude(Draft draft, bool is_older) {
  const View& before = draft.view();
  Effects effects = std::move(draft).take();
  const bool applied = adds_anything(effects) || shows_more<CheckoutSession>(before, effects) ||
                       shows_more<PaymentIntent>(before, effects) || shows_more<Charge>(before, effects) ||
                       shows_more<Customer>(before, effects) || shows_more<Fulfillment>(before, effects);
  if (applied)
    effects.outcome = Outcome::applied;
  else
    effects.outcome = is_older ? Outcome::stale : Outcome::duplicate;
  return effects;
}

}  // namespace penstock
