#include "workers/domain/payments/sessions.h"

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/deposits.h"
#include "workers/domain/payments/follow_up.h"
#include "workers/domain/payments/fulfil.h"
#include "workers/domain/payments/join.h"

namespace penstock {
namespace {

Error refuse_deposit(std::string_view why, const SessionFacts& facts) {
  return {ErrorCode::invalid, std::string(why) + ": deposit " + facts.shown.id};
}

// A function of the event alone, so that it is parked in every order of arrival.
Status check_deposit(const SessionFacts& facts) {
  const CheckoutSession& shown = facts.shown;
  if (!is_deposit(shown) || shown.status != PaymentStatus::paid) return ok();
  if (!shown.user_id && !shown.customer) return refuse_deposit("unknown_user", facts);
  if (!shown.amount || !shown.currency) return refuse_deposit("unknown_amount", facts);
  return ok();
}

// What the session says about its customer.
std::optional<Customer> customer_shown(const SessionFacts& facts) {
  const CheckoutSession& shown = facts.shown;
  if (!shown.customer) return std::nullopt;
  auto customer = make_row<Customer>(facts.meta.scope(), *shown.customer);
  customer.trusted = shown.trusted;
  customer.user_id = shown.user_id;
  if (shown.user_id)
    customer.linked_by = shown.version;
  else if (is_deposit(shown))
    customer.deposits = {shown.id};
  else
    return std::nullopt;
  return customer;
}

// Deposits that change hands when the facts link their customer to another user than before.
std::vector<std::string> deposits_moved(const Customer* known, const SessionFacts& facts) {
  const auto shown = customer_shown(facts);
  if (known == nullptr || !shown || believed_user(join(*known, *shown)) == believed_user(*known)) return {};
  return known->deposits;
}

std::vector<std::string> join_rows(Draft& draft, const SessionFacts& facts) {
  const CheckoutSession& shown = facts.shown;
  const auto* known = draft.find<CheckoutSession>(shown.id);
  const auto intents =
      set_of({shown.payment_intent, known != nullptr ? known->payment_intent : std::nullopt});
  const auto moved = deposits_moved(draft.find<Customer>(shown.customer), facts);

  join_into(draft, shown);
  if (shown.payment_intent) {
    auto named = make_row<PaymentIntent>(draft.scope(), *shown.payment_intent);
    named.sessions = {shown.id};
    join_into(draft, std::move(named));
  }
  if (auto customer = customer_shown(facts)) join_into(draft, std::move(*customer));

  std::vector<std::optional<std::string>> affected(moved.begin(), moved.end());
  for (auto& session : sessions_around(draft, intents)) affected.emplace_back(std::move(session));
  affected.emplace_back(shown.id);
  return set_of(affected);
}

// Once for each time that it comes to claim it.
void alert_refused_deposit(Draft& draft, const SessionFacts& facts) {
  const auto* before = draft.view().find<CheckoutSession>(facts.shown.key);
  const auto& now = *draft.find<CheckoutSession>(facts.shown.id);
  if (now.trusted || !claims_deposit(now) || (before != nullptr && claims_deposit(*before))) return;
  raise_alert(
      draft.effects(), draft.scope(),
      {"deposit_refused", now.id,
       "Session " + now.id + " of connected account " + *now.account + " claims to be a wallet deposit."},
      facts.meta.key);
}

SessionFacts distrusted(SessionFacts facts) {
  facts.shown.trusted = false;
  return facts;
}

void name_reads_as_believed(const View& view, const SessionFacts& facts, Reads& reads) {
  LinkedReads linked(view, facts.meta.scope(), reads);
  linked.follow_session(facts.shown.id);
  linked.follow_intent(facts.shown.payment_intent);
  const auto* customer = linked.want<Customer>(facts.shown.customer);
  for (const auto& deposit : deposits_moved(customer, facts)) linked.follow_session(deposit);
  if (!linked.complete()) return;
  Draft draft(view, facts.meta.scope());
  name_wallets(draft, join_rows(draft, facts), linked);
  name_fulfilments(draft, {facts.shown.id}, linked);
}

Result<Effects> decide_as_believed(const View& view, const SessionFacts& facts) {
  TRY_STATUS(check_deposit(facts));
  Draft draft(view, facts.meta.scope());
  const auto* known = draft.find<CheckoutSession>(facts.shown.id);
  const bool is_older = known != nullptr && facts.shown.version < known->version;
  const auto affected = join_rows(draft, facts);
  TRY_STATUS(settle_deposits(draft, affected, facts.meta));
  alert_refused_deposit(draft, facts);
  const bool is_routed = fulfil(draft, facts.shown.id, facts.meta.key) != Fulfilment::unknown_app;
  const PaymentRows payment = *rows_of_session(draft, facts.shown.id);
  enqueue_status(draft, status_before(draft, facts.shown.id, payment.session->payment_intent), payment,
                 facts.meta);
  Effects effects = conclude(std::move(draft), is_older);
  if (!is_routed) effects.outcome = Outcome::unroutable;
  return effects;
}

}  // namespace

// Only decide() knows whether a connected account is trusted, and other rows are needed when it is not.
void name_reads(const View& view, const SessionFacts& facts, Reads& reads) {
  name_reads_as_believed(view, facts, reads);
  if (facts.meta.account) name_reads_as_believed(view, distrusted(facts), reads);
}

Result<Effects> decide(const View& view, const SessionFacts& facts, const Policy& policy) {
  if (policy.trusts(facts.meta)) return decide_as_believed(view, facts);
  return decide_as_believed(view, distrusted(facts));
}

}  // namespace penstock
