#include "workers/domain/subscriptions/subscriptions.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

std::optional<std::string> customers_user(const View& view, const Subscription& row) {
  const Customer* customer = view.find<Customer>(scope_of(row), row.customer);
  return customer ? customer->user_id : std::nullopt;
}

}  // namespace

void name_subscription(const View& view, const Scope& scope, const std::string& id, Reads& reads) {
  const std::string key = scope.key(id);
  reads.want<Subscription>(key);
  if (!view.loaded<Subscription>(key)) return;
  const Subscription* row = view.find<Subscription>(key);
  if (row == nullptr) return;
  for (const auto& contender : row->events.contenders)
    reads.want<Customer>(scope, contender.snapshot.customer);
}

void name_reads(const View& view, const SubscriptionFacts& facts, Reads& reads) {
  reads.want<Customer>(facts.meta.scope(), facts.said.customer);
  name_subscription(view, facts.meta.scope(), facts.id, reads);
}

Result<Effects> decide(const View& view, const SubscriptionFacts& facts, const Policy& policy) {
  const Subscription* before = view.find<Subscription>(facts.meta.scope().key(facts.id));
  auto after = view.get_or_new<Subscription>(facts.meta.scope(), facts.id);
  after.events.merge(facts.meta.created, facts.terminal,
                     {facts.meta.id, facts.rank, facts.said, facts.state, facts.previous});
  const auto& winner = after.events.winner();
  part<SubscriptionAttributes>(after) = winner.snapshot;
  if (winner.event == facts.meta.id) after.trusted = policy.trusts(facts.meta);

  Effects effects;
  effects.outcome = winner.event == facts.meta.id ? Outcome::duplicate : Outcome::stale;
  if (before != nullptr && *before == after) return effects;
  if (shows_change(before, after)) {
    effects.outcome = Outcome::applied;
    enqueue_change(effects, view, before, after, facts.meta.key);
  }
  effects.put(std::move(after));
  return effects;
}

SubscriptionView subscription_view(const Subscription& row,
                                   const std::optional<std::string>& customers_user) {
  SubscriptionView view;
  view.id = row.id;
  part<SubscriptionTerms>(view) = row;
  part<SubscriptionPeriod>(view) = row;
  if (!view.user_id) view.user_id = customers_user;
  view.last_payment = row.last_payment;
  view.livemode = row.livemode;
  view.account = row.account;
  return view;
}

bool shows_change(const Subscription* before, const Subscription& after) {
  return before == nullptr ||
         subscription_view(*before, std::nullopt) != subscription_view(after, std::nullopt);
}

void enqueue_change(Effects& effects, const View& view, const Subscription* before, const Subscription& after,
                    const EventKey& event) {
  if (!after.status) return;
  const auto data = json::to_text(subscription_view(after, customers_user(view, after)));
  const bool ends = after.events.terminal && (before == nullptr || !before->events.terminal);
  if (ends)
    enqueue_outbound(effects, "subscription.canceled",
                     "subscription.canceled:" + cause_of(scope_of(after), after.id), event, data);
  else
    enqueue_outbound(effects, "subscription.updated", event.value, event, data);
}

}  // namespace penstock
