#include "workers/domain/connect/accounts.h"

#include "workers/domain/outbound.h"
#include "workers/domain/read.h"

namespace penstock {
namespace {

Result<Requirements> read_requirements(json::Value account) {
  const json::Value object = account["requirements"];
  if (object.missing()) return Requirements{};
  Reader in(object, "data.object.requirements");
  Requirements requirements;
  requirements.currently_due = in.texts("currently_due");
  requirements.eventually_due = in.texts("eventually_due");
  requirements.past_due = in.texts("past_due");
  requirements.disabled_reason = in.optional_text("disabled_reason");
  if (const auto problem = in.problem()) return *problem;
  return requirements;
}

void show(ConnectedAccount& row, const AccountSnapshot& snapshot) {
  row.user_id = snapshot.user_id;
  row.status = account_status(snapshot);
  row.charges_enabled = snapshot.charges_enabled;
  row.payouts_enabled = snapshot.payouts_enabled;
  row.details_submitted = snapshot.details_submitted;
  row.requirements = snapshot.requirements;
}

}  // namespace

Result<AccountFacts> read_account(const Event& event) {
  TRY(auto requirements, read_requirements(event.object()));
  Reader in(event.object());
  AccountFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.snapshot.user_id = find_text(in.metadata(), "user_id");
  facts.snapshot.charges_enabled = in.optional_boolean("charges_enabled").value_or(false);
  facts.snapshot.payouts_enabled = in.optional_boolean("payouts_enabled").value_or(false);
  facts.snapshot.details_submitted = in.optional_boolean("details_submitted").value_or(false);
  facts.snapshot.requirements = std::move(requirements);
  if (const auto problem = in.problem()) return *problem;
  facts.state = AttributeDigest(event.object());
  facts.previous = AttributeDigest(event.previous_attributes());
  return facts;
}

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
  show(after, winner.snapshot);

  effects.outcome = winner.event == facts.meta.id ? Outcome::duplicate : Outcome::stale;
  if (before != nullptr && *before == after) return effects;
  const AccountView shown = account_view(after);
  if (before == nullptr || account_view(*before) != shown) {
    effects.outcome = Outcome::applied;
    tell(effects, "account.updated", facts.meta.key.value, facts.meta.key, json::to_text(shown));
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
