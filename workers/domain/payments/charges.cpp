#include "workers/domain/payments/charges.h"

#include <tuple>

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/deposits.h"
#include "workers/domain/payments/join.h"
#include "workers/domain/payments/outcome.h"

namespace penstock {
namespace {

Charge shown_by(const RefundFacts& facts) {
  auto row = make_row<Charge>(facts.meta.scope(), facts.id);
  part<ChargeAttributes>(row) = facts.said;
  row.payment_intent = facts.payment_intent;
  row.amount_refunded = facts.amount_refunded;
  row.version = facts.version();
  return row;
}

Charge shown_by(const DisputeFacts& facts) {
  auto row = make_row<Charge>(facts.meta.scope(), facts.id);
  part<DisputeAttributes>(row) = facts.said;
  row.payment_intent = facts.payment_intent;
  row.dispute_version = facts.version();
  return row;
}

std::vector<std::string> join_rows(Draft& draft, const Charge& shown) {
  const auto* known = draft.find<Charge>(shown.id);
  const auto intents =
      set_of({shown.payment_intent, known != nullptr ? known->payment_intent : std::nullopt});
  join_into(draft, shown);
  if (shown.payment_intent) {
    auto named = make_row<PaymentIntent>(draft.scope(), *shown.payment_intent);
    named.charges = {shown.id};
    join_into(draft, std::move(named));
  }
  return sessions_around(draft, intents);
}

void name_charge_reads(const View& view, const EventMeta& meta, const Charge& shown, Reads& reads) {
  LinkedReads linked(view, meta.scope(), reads);
  linked.want_charge(shown.id);
  linked.want_intent(shown.payment_intent);
  linked.want<Customer>(shown.customer);
  if (!linked.complete()) return;
  Draft draft(view, meta.scope());
  name_wallets(draft, join_rows(draft, shown), linked);
}

std::string payment_text(const Draft& draft, const std::string& charge) {
  return json::to_text(project(*rows_of_charge(draft, charge)));
}

// A charge that only others have named tells nothing yet.
Charge charge_before(const Draft& draft, const std::string& id) {
  return draft.before().get_or_new<Charge>(id);
}

void enqueue_refund(Draft& draft, const RefundFacts& facts) {
  const std::string& id = facts.id;
  const MinorUnits now = draft.find<Charge>(id)->amount_refunded;
  if (now <= charge_before(draft, id).amount_refunded) return;
  const std::string cause = "refund:" + cause_of(draft.scope(), id) + ":" + std::to_string(now.value);
  enqueue_outbound(draft.effects(), "payment.refunded", cause, facts.meta.key, payment_text(draft, id));
}

void enqueue_dispute(Draft& draft, const DisputeFacts& facts) {
  const Charge before = charge_before(draft, facts.id);
  const Charge now = *draft.find<Charge>(facts.id);
  if (std::tie(before.dispute, before.dispute_status) == std::tie(now.dispute, now.dispute_status)) return;
  const std::string cause = cause_of(draft.scope(), *now.dispute) + ":" + *now.dispute_status;
  enqueue_outbound(draft.effects(), "payment.disputed", cause, facts.meta.key, payment_text(draft, now.id));
}

}  // namespace

void name_reads(const View& view, const RefundFacts& facts, Reads& reads) {
  name_charge_reads(view, facts.meta, shown_by(facts), reads);
}
void name_reads(const View& view, const DisputeFacts& facts, Reads& reads) {
  name_charge_reads(view, facts.meta, shown_by(facts), reads);
}

Result<Effects> decide(const View& view, const RefundFacts& facts, const Policy&) {
  Draft draft(view, facts.meta.scope());
  const Charge shown = shown_by(facts);
  const bool is_older = shown.version < charge_before(draft, shown.id).version;
  TRY_STATUS(settle_deposits(draft, join_rows(draft, shown), facts.meta));
  enqueue_refund(draft, facts);
  return conclude(std::move(draft), is_older);
}

Result<Effects> decide(const View& view, const DisputeFacts& facts, const Policy&) {
  const auto age = [](const Charge& charge) {
    return std::tie(charge.dispute_created, charge.dispute, charge.dispute_version);
  };
  Draft draft(view, facts.meta.scope());
  const Charge shown = shown_by(facts);
  const bool is_older = age(shown) < age(charge_before(draft, shown.id));
  TRY_STATUS(settle_deposits(draft, join_rows(draft, shown), facts.meta));
  enqueue_dispute(draft, facts);
  return conclude(std::move(draft), is_older);
}

}  // namespace penstock
