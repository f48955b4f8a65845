#include "workers/domain/subscriptions/plans.h"

#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock {
namespace {

SubscriptionAttributes attributes_of(const PlanFacts& facts) {
  SubscriptionAttributes said;
  said.status = facts.ends ? SubscriptionStatus::canceled : SubscriptionStatus::active;
  said.user_id = facts.user_id;
  said.plan = facts.plan;
  return said;
}

}  // namespace

void name_reads(const View& view, const PlanFacts& facts, Reads& reads) {
  name_subscription(view, facts.meta.scope(), facts.id, reads);
}

Result<Effects> decide(const View& view, const PlanFacts& facts, const Policy& policy) {
  const std::int64_t rank = facts.ends ? 2 : 1;  // as SubscriptionFacts have it
  auto change = change_of(view, facts.meta.scope(), facts.id);
  Subscription& row = change.after;
  row.events.merge(facts.meta.created, facts.ends, {facts.meta.id, rank, attributes_of(facts), {}, {}});
  take_parts(row, {facts.user_id, {}}, facts.meta.version(rank));
  show(row);
  const bool is_newest = row.events.winner().event == facts.meta.id;
  if (is_newest) row.trusted = policy.trusts(facts.meta);
  return conclude(view, std::move(change), "subscription.upgraded", is_newest, facts.meta.key);
}

}  // namespace penstock
