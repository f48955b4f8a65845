#include "workers/domain/subscriptions/trials.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock {
namespace {

bool is_in_time(const Subscription& row, const EventMeta& meta) {
  return !row.events.terminal && (row.events.contenders.empty() || row.events.created <= meta.created);
}

// Takes the notice, unless a newer one is known or it is known itself; false: so it is.
bool take_notice(PartsTold& parts, const EventVersion& version) {
  if (parts.trial_ending >= version) return false;
  parts.trial_ending = version;
  return true;
}

}  // namespace

void name_reads(const View& view, const TrialFacts& facts, Reads& reads) {
  name_subscription(view, facts.meta.scope(), facts.id, reads);
}

Result<Effects> decide(const View& view, const TrialFacts& facts, const Policy&) {
  const EventVersion version = facts.meta.version(0);
  auto change = change_of(view, facts.meta.scope(), facts.id);
  Subscription& row = change.after;
  take_parts(row, {facts.user_id, facts.trial_end}, version);
  const bool is_newest = take_notice(*row.parts, version);
  show(row);
  if (!is_newest || !is_in_time(row, facts.meta))
    return conclude(view, std::move(change), kSubscriptionUpdated, is_newest, facts.meta.key);

  Effects effects;
  effects.outcome = Outcome::applied;
  enqueue_outbound(effects, scope_of(row), "trial.ending", facts.meta.key.value, facts.meta.key,
                   subscription_text(view, row));
  effects.put(std::move(row));
  return effects;
}

}  // namespace penstock
