#include "workers/domain/payments/sessions.h"

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/deposits.h"
#include "workers/domain/payments/fulfil.h"
#include "workers/domain/payments/join.h"
#include "workers/domain/payments/outcome.h"

namespace penstock {
namespace {

// What an event says, and whether it may touch wallets, profiles and grants.
struct Believed {
  const SessionFacts& facts;
  bool trusted;

  bool is_deposit() const { return trusted && claims_deposit(facts.said); }
};

CheckoutSession shown_by(const Believed& event) {
  auto row = make_row<CheckoutSession>(event.facts.meta.scope(), event.facts.id);
  part<SessionAttributes>(row) = event.facts.said;
  row.status = event.facts.status;
  row.payment_intent = event.facts.payment_intent;
  row.version = event.facts.version();
  row.trusted = event.trusted;
  row.named = named_by(row);
  return row;
}

Error refuse_deposit(std::string_view why, const SessionFacts& facts) {
  return {ErrorCode::invalid, std::string(why) + ": deposit " + facts.id};
}

// A function of the event alone, so that it is parked in every order of arrival.
Status check_deposit(const Believed& event) {
  const auto& [facts, trusted] = event;
  if (!event.is_deposit() || facts.status != PaymentStatus::paid) return ok();
  if (!facts.said.user_id && !facts.said.customer) return refuse_deposit("unknown_user", facts);
  if (!facts.said.amount || !facts.said.currency) return refuse_deposit("unknown_amount", facts);
  return ok();
}

// What the session says about its customer.
std::optional<Customer> customer_shown(const Believed& event) {
  const auto& [facts, trusted] = event;
  if (!facts.said.customer) return std::nullopt;
  auto customer = make_row<Customer>(facts.meta.scope(), *facts.said.customer);
  customer.trusted = trusted;
  customer.user_id = facts.said.user_id;
  if (facts.said.user_id)
    customer.linked_by = facts.version();
  else if (event.is_deposit())
    customer.deposits = {facts.id};
  else
    return std::nullopt;
  return customer;
}

// Deposits that change hands when the event links their customer to another user than before.
std::vector<std::string> deposits_moved(const Customer* known, const Believed& event) {
  const auto shown = customer_shown(event);
  if (known == nullptr || !shown || believed_user(join(*known, *shown)) == believed_user(*known)) return {};
  return known->deposits;
}

std::vector<std::string> join_rows(Draft& draft, const Believed& event) {
  const SessionFacts& facts = event.facts;
  const auto* known = draft.find<CheckoutSession>(facts.id);
  const auto intents =
      set_of({facts.payment_intent, known != nullptr ? known->payment_intent : std::nullopt});
  const auto moved = deposits_moved(draft.find<Customer>(facts.said.customer), event);

  join_into(draft, shown_by(event));
  if (facts.payment_intent) {
    auto named = make_row<PaymentIntent>(draft.scope(), *facts.payment_intent);
    named.sessions = {facts.id};
    join_into(draft, std::move(named));
  }
  if (auto customer = customer_shown(event)) join_into(draft, std::move(*customer));

  std::vector<std::optional<std::string>> affected(moved.begin(), moved.end());
  for (auto& session : sessions_around(draft, intents)) affected.emplace_back(std::move(session));
  affected.emplace_back(facts.id);
  return set_of(affected);
}

// Once for each time that it comes to claim it.
void alert_refused_deposit(Draft& draft, const SessionFacts& facts) {
  const Draft rows_before = draft.before();
  const auto* before = rows_before.find<CheckoutSession>(facts.id);
  const auto& now = *draft.find<CheckoutSession>(facts.id);
  if (now.trusted || !claims_deposit(now) || (before != nullptr && claims_deposit(*before))) return;
  raise_alert(
      draft.effects(), draft.scope(),
      {"deposit_refused", now.id,
       "Session " + now.id + " of connected account " + *now.account + " claims to be a wallet deposit."},
      facts.meta.key);
}

void name_reads_as(const View& view, const Believed& event, Reads& reads) {
  const SessionFacts& facts = event.facts;
  LinkedReads linked(view, facts.meta.scope(), reads);
  linked.want_session(facts.id);
  linked.want_intent(facts.payment_intent);
  const auto* customer = linked.want<Customer>(facts.said.customer);
  for (const auto& deposit : deposits_moved(customer, event)) linked.want_session(deposit);
  if (!linked.complete()) return;
  Draft draft(view, facts.meta.scope());
  name_wallets(draft, join_rows(draft, event), linked);
  name_fulfilments(draft, {facts.id}, linked);
}

Result<Effects> decide_as(const View& view, const Believed& event) {
  const SessionFacts& facts = event.facts;
  TRY_STATUS(check_deposit(event));
  Draft draft(view, facts.meta.scope());
  const auto* known = draft.find<CheckoutSession>(facts.id);
  const bool is_older = known != nullptr && facts.version() < known->version;
  const auto affected = join_rows(draft, event);
  TRY_STATUS(settle_deposits(draft, affected, facts.meta));
  alert_refused_deposit(draft, facts);
  const bool is_routed = fulfil(draft, facts.id, facts.meta.key) != Fulfilment::unknown_app;
  const PaymentRows payment = *rows_of_session(draft, facts.id);
  enqueue_status(draft, status_before(draft, facts.id, payment.session->payment_intent), payment, facts.meta);
  Effects effects = conclude(std::move(draft), is_older);
  if (!is_routed) effects.outcome = Outcome::unroutable;
  return effects;
}

}  // namespace

// Only decide() knows whether a connected account is trusted, and other rows are needed when it is not.
void name_reads(const View& view, const SessionFacts& facts, Reads& reads) {
  name_reads_as(view, {facts, true}, reads);
  if (facts.meta.account) name_reads_as(view, {facts, false}, reads);
}

Result<Effects> decide(const View& view, const SessionFacts& facts, const Policy& policy) {
  return decide_as(view, {facts, policy.trusts(facts.meta)});
}

}  // namespace penstock
