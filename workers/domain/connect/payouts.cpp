#include "workers/domain/connect/payouts.h"

#include <algorithm>
#include <array>

#include "workers/domain/connect/retries.h"
#include "workers/domain/connect/session_payments.h"
#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

// Takes what the event says of the payout, unless the row shows a greater one. False: it does.
bool take_attributes(Payout& row, const PayoutFacts& facts) {
  const std::optional version = facts.version();
  if (std::tie(row.status, row.version) > std::tie(facts.said.status, version)) return false;
  part<PayoutAttributes>(row) = facts.said;
  row.version = version;
  return true;
}

void take_session_payment(Payout& row, const PayoutFacts& facts) {
  const auto version = facts.meta.version(0);
  if (!facts.session_payment || row.session_payment_version >= version) return;
  row.session_payment = facts.session_payment;
  row.session_payment_version = version;
}

// Session payments that gain, lose or keep the payout, and the one its metadata names: that one gets a row
// even if it has been superseded already, as it would have in the other order.
std::vector<std::string> concerned(const Payout& before, const Payout& after, const PayoutFacts& facts) {
  std::vector<std::string> ids = settled_by(before);
  const auto settled = settled_by(after);
  ids.insert(ids.end(), settled.begin(), settled.end());
  if (facts.session_payment) ids.push_back(*facts.session_payment);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Puts the session payments that change and tells of those now paid. True when any did change.
bool settle(Effects& effects, const View& view, const std::vector<std::string>& ids, const Payout& payout,
            const EventKey& event) {
  bool changed = false;
  const Scope scope = scope_of(payout).of_platform();
  for (const auto& id : ids) {
    const auto before = view.get_or_new<SessionPayment>(scope, id);
    SessionPayment after = before;
    if (link_payout(after, payout)) alert_crowd(effects, after, event);
    if (view.find<SessionPayment>(scope, id) != nullptr && before == after) continue;
    if (!newly_paid(before, after).empty()) enqueue_payout_paid(effects, after, payout, event);
    alert_mismatches(effects, before, after, event);
    effects.put(std::move(after));
    changed = true;
  }
  return changed;
}

std::string failure_text(const Payout& payout) {
  std::string text = "Payout " + payout.id;
  if (payout.account) text += " of " + *payout.account;
  if (payout.amount) text += " over " + std::to_string(payout.amount->value);
  if (payout.currency) text += " " + *payout.currency;
  text += " failed";
  if (payout.failure_code) text += ": " + *payout.failure_code;
  return text;
}

void enqueue_status(Effects& effects, const Payout& before, const Payout& after, const EventKey& event) {
  if (before.status == after.status) return;
  const auto data = json::to_text(payout_view(after));
  if (after.status == PayoutStatus::paid)
    enqueue_outbound(effects, "payout.paid", "payout.paid:" + cause_of(scope_of(after), after.id), event,
                     data);
  if (after.status == PayoutStatus::failed) {
    enqueue_outbound(effects, "payout.failed", "payout.failed:" + cause_of(scope_of(after), after.id), event,
                     data);
    raise_alert(effects, scope_of(after), {"payout_failed", after.id, failure_text(after)}, event);
  }
}

}  // namespace

void name_reads(const View& view, const PayoutFacts& facts, Reads& reads) {
  const Scope scope = facts.meta.scope(), platform = scope.of_platform();
  const std::string key = scope.key(facts.id), id_key = platform.key(facts.id);
  reads.want<Payout>(key);
  reads.want<PayoutId>(id_key);
  reads.want<SessionPayment>(platform, facts.session_payment);
  if (!view.loaded<Payout>(key) || !view.loaded<PayoutId>(id_key)) return;
  if (const auto* row = view.find<Payout>(key)) reads.want<SessionPayment>(platform, row->session_payment);
  if (const auto* known = view.find<PayoutId>(id_key))
    for (const auto& id : known->registered) reads.want<SessionPayment>(platform, id);
}

Result<Effects> decide(const View& view, const PayoutFacts& facts, const Policy& policy) {
  const Payout* known = view.find<Payout>(facts.meta.scope(), facts.id);
  const auto before = view.get_or_new<Payout>(facts.meta.scope(), facts.id);
  Payout after = before;
  const bool newest = take_attributes(after, facts);
  if (newest) plan_retry(after, policy);
  take_session_payment(after, facts);

  Effects effects;
  if (known == nullptr) after.registered = enter_payout_id(effects, view, after).registered;
  const bool settles = settle(effects, view, concerned(before, after, facts), after, facts.meta.key);
  enqueue_status(effects, before, after, facts.meta.key);
  if (settles || known == nullptr || payout_view(before) != payout_view(after))
    effects.outcome = Outcome::applied;
  else
    effects.outcome = newest ? Outcome::duplicate : Outcome::stale;
  if (known == nullptr || before != after) effects.put(std::move(after));
  return effects;
}

PayoutView payout_view(const Payout& row) {
  PayoutView view;
  view.id = row.id;
  view.account = row.account;
  part<PayoutAttributes>(view) = row;
  const auto settled = settled_by(row);
  if (!settled.empty()) view.session_payment = settled.front();
  view.retry = {row.retry_state, row.retry_attempts, row.retry_next_at};
  view.livemode = row.livemode;
  return view;
}

}  // namespace penstock
