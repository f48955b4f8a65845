#include "workers/domain/payments/intents.h"

#include <algorithm>

#include "workers/domain/payments/deposits.h"
#include "workers/domain/payments/fulfil.h"
#include "workers/domain/payments/join.h"
#include "workers/domain/payments/outcome.h"

namespace penstock {
namespace {

PaymentIntent shown_by(const IntentFacts& facts) {
  auto row = make_row<PaymentIntent>(facts.meta.scope(), facts.id);
  part<IntentAttributes>(row) = facts.said;
  row.status = facts.status;
  row.charges = facts.charges;
  row.version = facts.version();
  return row;
}

// The intents that hold the facts' charges now, and the one that is to.
std::vector<std::string> intents_around(const Draft& draft, const IntentFacts& facts) {
  std::vector<std::optional<std::string>> intents = {facts.id};
  for (const auto& id : facts.charges)
    if (const auto* charge = draft.find<Charge>(id)) intents.push_back(charge->payment_intent);
  return set_of(intents);
}

std::vector<std::string> join_rows(Draft& draft, const IntentFacts& facts) {
  const auto intents = intents_around(draft, facts);
  join_into(draft, shown_by(facts));
  for (const auto& id : facts.charges) {
    auto named = make_row<Charge>(draft.scope(), id);
    named.payment_intent = facts.id;
    join_into(draft, std::move(named));
  }
  return sessions_around(draft, intents);
}

// Fulfils the sessions of an intent that this event says is paid, also when that was known: the app may not have been. False
// when one that the event has paid is for an unknown app.
bool fulfil_sessions(Draft& draft, const std::vector<std::string>& sessions, const IntentFacts& facts) {
  if (facts.status != PaymentStatus::paid) return true;
  bool all_routed = true;
  for (const auto& session : sessions) {
    const bool is_routed = fulfil(draft, session, facts.meta.key) != Fulfilment::unknown_app;
    if (status_before(draft, session, facts.id) < PaymentStatus::paid) all_routed = is_routed && all_routed;
  }
  return all_routed;
}

void enqueue_payments(Draft& draft, const std::vector<std::string>& sessions, const IntentFacts& facts) {
  for (const auto& session : sessions)
    enqueue_status(draft, status_before(draft, session, facts.id), *rows_of_session(draft, session),
                   facts.meta);
  if (!sessions.empty()) return;
  enqueue_status(draft, status_before(draft, std::nullopt, facts.id), *rows_of_intent(draft, facts.id),
                 facts.meta);
}

}  // namespace

void name_reads(const View& view, const IntentFacts& facts, Reads& reads) {
  LinkedReads linked(view, facts.meta.scope(), reads);
  linked.want_intent(facts.id);
  linked.want<Customer>(facts.said.customer);
  for (const auto& charge : facts.charges) linked.want_charge(charge);
  if (!linked.complete()) return;
  Draft draft(view, facts.meta.scope());
  name_wallets(draft, join_rows(draft, facts), linked);
  name_fulfilments(draft, sessions_of(draft, facts.id), linked);
}

Result<Effects> decide(const View& view, const IntentFacts& facts, const Policy&) {
  Draft draft(view, facts.meta.scope());
  const auto* known = draft.find<PaymentIntent>(facts.id);
  const bool is_older = known != nullptr && facts.version() < known->version;
  const auto affected = join_rows(draft, facts);
  TRY_STATUS(settle_deposits(draft, affected, facts.meta));
  const auto sessions = sessions_of(draft, facts.id);
  const bool all_routed = fulfil_sessions(draft, sessions, facts);
  enqueue_payments(draft, sessions, facts);
  Effects effects = conclude(std::move(draft), is_older);
  if (!all_routed) effects.outcome = Outcome::unroutable;
  return effects;
}

}  // namespace penstock
