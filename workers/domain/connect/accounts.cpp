#include "workers/domain/connect/accounts.h"

#include "workers/domain/outbound/outbound.h"

namespace penstock {
void name_reads(const View&, const AccountFacts& facts, Reads& reads) {
  reads.want<ConnectedAccount>(facts.meta.scope().of_platform(), facts.id);
}

Result<Effects> decide(const View& view, const AccountFacts& facts, const Policy&) {
  Effects effects;
  if (facts.meta.account && facts.meta.account != facts.id) {
    effects.reason = "foreign_account";
    return effects;
  }
  const Scope scope = facts.meta.scope().of_platform();
  const ConnectedAccount* before = view.find<ConnectedAccount>(scope, facts.id);
  auto after = view.get_or_new<ConnectedAccount>(scope, facts.id);
  after.events.merge(facts.meta.created, false,
                     {facts.meta.id, facts.rank, facts.said, facts.state, facts.previous});
  const auto& winner = after.events.winner();
  part<AccountAttributes>(after) = winner.snapshot;
  after.status = account_status(after);

  effects.outcome = winner.event == facts.meta.id ? Outcome::duplicate : Outcome::stale;
  if (before != nullptr && *before == after) return effects;
  const AccountView shown = account_view(after);
  if (before == nullptr || account_view(*before) != shown) {
    effects.outcome = Outcome::applied;
    enqueue_outbound(effects, "account.updated", facts.meta.key.value, facts.meta.key, json::to_text(shown));
  }
  effects.put(std::move(after));
  return effects;
}

AccountStatus account_status(const AccountCapabilities& can) noexcept {
  if (can.charges_enabled && can.payouts_enabled) return AccountStatus::enabled;
  if (can.requirements.disabled_reason || !can.requirements.past_due.empty())
    return AccountStatus::restricted;
  return can.details_submitted ? AccountStatus::pending : AccountStatus::onboarding;
}

AccountView account_view(const ConnectedAccount& row) {
  AccountView view;
  view.id = row.id;
  part<AccountOwner>(view) = row;
  view.status = row.status;
  part<AccountCapabilities>(view) = row;
  view.livemode = row.livemode;
  return view;
}

}  // namespace penstock
