#include "workers/domain/subscriptions/subscriptions.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

std::optional<std::string> customers_user(const View& view, const Subscription& row) {
  const Customer* customer = view.find<Customer>(scope_of(row), row.customer);
  return customer ? customer->user_id : std::nullopt;
}

bool shows_change(const SubscriptionChange& change) {
  return change.before == nullptr ||
         subscription_view(*change.before, std::nullopt) != subscription_view(change.after, std::nullopt);
}

void enqueue_change(Effects& effects, const View& view, const SubscriptionChange& change,
                    std::string_view told_as, const EventKey& event) {
  const auto& [before, after] = change;
  if (!after.status) return;
  const Scope scope = scope_of(after);
  const bool ends = after.events.terminal && (before == nullptr || !before->events.terminal);
  const std::string type(ends ? "subscription.canceled" : told_as);
  const std::string cause = ends ? type + ":" + cause_of(scope, after.id) : event.value;
  enqueue_outbound(effects, scope, type, cause, event, subscription_text(view, after));
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
  auto change = change_of(view, facts.meta.scope(), facts.id);
  Subscription& row = change.after;
  row.events.merge(facts.meta.created, facts.terminal,
                   {facts.meta.id, facts.rank, facts.said, facts.state, facts.previous});
  const bool is_newest = row.events.winner().event == facts.meta.id;
  if (is_newest) row.trusted = policy.trusts(facts.meta);
  show(row);
  return conclude(view, std::move(change), kSubscriptionUpdated, is_newest, facts.meta.key);
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

SubscriptionChange change_of(const View& view, const Scope& scope, const std::string& id) {
  return {view.find<Subscription>(scope, id), view.get_or_new<Subscription>(scope, id)};
}

void take_parts(Subscription& row, const SubscriptionParts& said, const EventVersion& version) {
  if (!row.parts) row.parts.emplace();
  take_newest(part<SubscriptionParts>(*row.parts), row.parts->versions, said, version);
}

void show(Subscription& row) {
  part<SubscriptionAttributes>(row) =
      row.events.contenders.empty() ? SubscriptionAttributes{} : row.events.winner().snapshot;
  if (!row.parts) return;
  if (!row.user_id) row.user_id = row.parts->user_id;
  if (!row.trial_end) row.trial_end = row.parts->trial_end;
}

std::string subscription_text(const View& view, const Subscription& row) {
  return json::to_text(subscription_view(row, customers_user(view, row)));
}

bool put_change(Effects& effects, const View& view, SubscriptionChange change, std::string_view told_as,
                const EventKey& event) {
  if (change.before != nullptr && *change.before == change.after) return false;
  const bool is_shown = shows_change(change);
  if (is_shown) enqueue_change(effects, view, change, told_as, event);
  effects.put(std::move(change.after));
  return is_shown;
}

Effects conclude(const View& view, SubscriptionChange change, std::string_view told_as, bool is_newest,
                 const EventKey& event) {
  Effects effects;
  const bool is_shown = put_change(effects, view, std::move(change), told_as, event);
  effects.outcome = is_shown ? Outcome::applied : is_newest ? Outcome::duplicate : Outcome::stale;
  return effects;
}

}  // namespace penstock
