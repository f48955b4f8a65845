#include "workers/domain/connect/accounts.h"

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

void copy_snapshot(ConnectedAccount& row, const AccountSnapshot& snapshot) {
  row.user_id = snapshot.user_id;
  row.status = account_status(snapshot);
  row.charges_enabled = snapshot.charges_enabled;
  row.payouts_enabled = snapshot.payouts_enabled;
  row.details_submitted = snapshot.details_submitted;
  row.requirements = snapshot.requirements;
}

}  // namespace

void name_reads(const View&, const AccountFacts& facts, Reads& reads) {
  reads.want<ConnectedAccount>(facts.meta.scope().of_platform().key(facts.id));
}

Result<Effects> decide(const View& view, const AccountFacts& facts, const Policy&) {
  Effects effects;
  if (facts.meta.account && facts.meta.account != facts.id) {
    effects.reason = "foreign_account";
    return effects;
  }
  const Scope scope = facts.meta.scope().of_platform();
  const ConnectedAccount* before = view.find<ConnectedAccount>(scope.key(facts.id));
  auto after = view.get_or_new<ConnectedAccount>(scope, facts.id);
  after.events.merge(facts.meta.created, false,
                     {facts.meta.id, 1, facts.snapshot, facts.state, facts.previous});
  const auto& winner = after.events.winner();
  copy_snapshot(after, winner.snapshot);

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

AccountStatus account_status(const AccountSnapshot& snapshot) noexcept {
  if (snapshot.charges_enabled && snapshot.payouts_enabled) return AccountStatus::enabled;
  if (snapshot.requirements.disabled_reason || !snapshot.requirements.past_due.empty())
    return AccountStatus::restricted;
  return snapshot.details_submitted ? AccountStatus::pending : AccountStatus::onboarding;
}

AccountView account_view(const ConnectedAccount& row) {
  return {row.id,
          row.user_id,
          row.status,
          row.charges_enabled,
          row.payouts_enabled,
          row.details_submitted,
          row.requirements,
          row.livemode};
}

}  // namespace penstock
