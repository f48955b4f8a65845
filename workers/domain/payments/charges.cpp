#include "workers/domain/payments/charges.h"

#include <tuple>

#include "workers/domain/ledger/deposits.h"
#include "workers/domain/outbound.h"
#include "workers/domain/payments/follow_up.h"
#include "workers/domain/payments/join.h"
#include "workers/domain/read.h"

namespace penstock {
namespace {

std::int64_t dispute_rank(std::string_view type) noexcept {
  if (type == "charge.dispute.created") return 0;
  return type == "charge.dispute.closed" ? 2 : 1;
}

std::vector<std::string> join_rows(Draft& draft, const Charge& shown) {
  const auto* known = draft.find<Charge>(shown.id);
  const auto intents =
      set_of({shown.payment_intent, known != nullptr ? known->payment_intent : std::nullopt});
  join_into(draft, shown);
  if (shown.payment_intent) {
    PaymentIntent named;
    named.id = *shown.payment_intent;
    named.account = shown.account;
    named.livemode = shown.livemode;
    named.charges = {shown.id};
    join_into(draft, std::move(named));
  }
  return sessions_around(draft, intents);
}

void name_charge_reads(const View& view, const Charge& shown, Reads& reads) {
  LinkedReads linked(view, reads);
  linked.follow_charge(shown.id);
  linked.follow_intent(shown.payment_intent);
  linked.want<Customer>(shown.customer);
  if (!linked.complete()) return;
  Draft draft(view);
  name_wallets(draft, join_rows(draft, shown), linked);
}

std::string payment_text(const Draft& draft, const std::string& charge) {
  return json::to_text(project(*rows_of_charge(draft, charge)));
}

// A charge that only others have named tells nothing yet.
Charge charge_before(const View& view, const std::string& id) { return view.get_or_new<Charge>(id); }

void tell_refund(Draft& draft, const RefundFacts& facts) {
  const std::string& id = facts.shown.id;
  const MinorUnits now = draft.find<Charge>(id)->amount_refunded;
  if (now <= charge_before(draft.before(), id).amount_refunded) return;
  tell(draft.effects(), "payment.refunded", "refund:" + id + ":" + std::to_string(now.value), facts.meta.key,
       payment_text(draft, id));
}

void tell_dispute(Draft& draft, const DisputeFacts& facts) {
  const Charge before = charge_before(draft.before(), facts.shown.id);
  const Charge now = *draft.find<Charge>(facts.shown.id);
  if (std::tie(before.dispute, before.dispute_status) == std::tie(now.dispute, now.dispute_status)) return;
  tell(draft.effects(), "payment.disputed", *now.dispute + ":" + *now.dispute_status, facts.meta.key,
       payment_text(draft, now.id));
}

}  // namespace

Result<RefundFacts> read_refund(const Event& event) {
  Reader in(event.object());
  Charge shown;
  shown.id = in.id("id");
  shown.payment_intent = in.optional_reference("payment_intent");
  shown.amount = in.optional_amount("amount");
  shown.currency = in.optional_currency("currency");
  shown.customer = in.optional_reference("customer");
  const auto refunded = in.optional_amount("amount_refunded");
  if (!shown.amount) in.refuse("amount", "is missing");
  if (!shown.currency) in.refuse("currency", "is missing");
  if (!refunded) in.refuse("amount_refunded", "is missing");
  shown.account = event.meta.account;
  shown.livemode = event.meta.livemode;
  shown.version = event.meta.version(0);
  if (const auto problem = in.problem()) return *problem;
  shown.amount_refunded = *refunded;
  return RefundFacts{event.meta, std::move(shown)};
}

Result<DisputeFacts> read_dispute(const Event& event) {
  Reader in(event.object());
  Charge shown;
  const auto charge = in.optional_reference("charge");
  if (!charge) in.refuse("charge", "is missing");
  shown.payment_intent = in.optional_reference("payment_intent");
  shown.account = event.meta.account;
  shown.livemode = event.meta.livemode;
  shown.dispute = in.id("id");
  shown.dispute_created = in.optional_seconds("created");
  shown.dispute_status = in.text("status");
  shown.dispute_version = event.meta.version(dispute_rank(event.meta.type));
  if (const auto problem = in.problem()) return *problem;
  shown.id = *charge;
  return DisputeFacts{event.meta, std::move(shown)};
}

void name_reads(const View& view, const RefundFacts& facts, Reads& reads) {
  name_charge_reads(view, facts.shown, reads);
}
void name_reads(const View& view, const DisputeFacts& facts, Reads& reads) {
  name_charge_reads(view, facts.shown, reads);
}

Result<Effects> decide(const View& view, const RefundFacts& facts, const Policy&) {
  Draft draft(view);
  const bool is_older = facts.shown.version < charge_before(view, facts.shown.id).version;
  TRY_STATUS(settle_deposits(draft, join_rows(draft, facts.shown), facts.meta));
  tell_refund(draft, facts);
  return finish(std::move(draft), is_older);
}

Result<Effects> decide(const View& view, const DisputeFacts& facts, const Policy&) {
  const auto age = [](const Charge& charge) {
    return std::tie(charge.dispute_created, charge.dispute, charge.dispute_version);
  };
  Draft draft(view);
  const bool is_older = age(facts.shown) < age(charge_before(view, facts.shown.id));
  TRY_STATUS(settle_deposits(draft, join_rows(draft, facts.shown), facts.meta));
  tell_dispute(draft, facts);
  return finish(std::move(draft), is_older);
}

}  // namespace penstock
