#include "workers/domain/subscriptions/subscriptions.h"

#include <algorithm>

#include "workers/domain/outbound.h"
#include "workers/domain/read.h"

namespace penstock {
namespace {

constexpr std::string_view kCreated = "customer.subscription.created";
constexpr std::string_view kDeleted = "customer.subscription.deleted";

std::int64_t lifecycle_of(std::string_view type) noexcept {
  if (type == kCreated) return 0;
  return type == kDeleted ? 2 : 1;
}

bool is_final(SubscriptionStatus status) noexcept {
  return status == SubscriptionStatus::canceled || status == SubscriptionStatus::incomplete_expired;
}

// What subscriptions had at their top level until basil and items have since.
struct PlanAndPeriod {
  std::optional<std::string> plan;
  std::optional<std::int64_t> quantity;
  std::optional<Timestamp> period_start;
  std::optional<Timestamp> period_end;
};

PlanAndPeriod read_plan_and_period(Reader& in) {
  PlanAndPeriod read;
  const auto price = in.optional_reference("price");
  const auto plan = in.optional_reference("plan");
  read.plan = price ? price : plan;
  read.quantity = in.optional_integer("quantity");
  read.period_start = in.optional_seconds("current_period_start");
  read.period_end = in.optional_seconds("current_period_end");
  return read;
}

template <class T>
std::optional<T> first_known(std::optional<T> preferred, std::optional<T> other) {
  return preferred ? std::move(preferred) : std::move(other);
}

Result<PlanAndPeriod> read_first_item(json::Value subscription) {
  const json::Value items = subscription["items"];
  if (items.missing()) return PlanAndPeriod{};
  if (!items["data"].is_array())
    return Error{ErrorCode::invalid, Retry::never, "wrong_shape: data.object.items has no array data"};
  if (items["data"].size() == 0) return PlanAndPeriod{};
  Reader in(items["data"].first(), "data.object.items.data[0]");
  PlanAndPeriod read = read_plan_and_period(in);
  if (const auto problem = in.problem()) return *problem;
  return read;
}

// The object's status; a deleted subscription is canceled whatever else its object says.
SubscriptionStatus read_status(Reader& in, std::string_view event_type) {
  SubscriptionStatus status{};
  if (!from_string(in.text("status"), status)) in.refuse("status", "is no subscription status");
  return event_type == kDeleted && !is_final(status) ? SubscriptionStatus::canceled : status;
}

SubscriptionSnapshot read_snapshot(Reader& in, const PlanAndPeriod& item, std::string_view event_type) {
  const PlanAndPeriod top = read_plan_and_period(in);
  SubscriptionSnapshot snapshot;
  snapshot.status = read_status(in, event_type);
  snapshot.customer = in.optional_reference("customer");
  snapshot.user_id = find_text(in.metadata(), "user_id");
  snapshot.plan = first_known(item.plan, top.plan);
  snapshot.quantity = first_known(item.quantity, top.quantity);
  snapshot.started = in.optional_seconds("created");
  snapshot.current_period_start = first_known(item.period_start, top.period_start);
  snapshot.current_period_end = first_known(item.period_end, top.period_end);
  snapshot.cancel_at_period_end = in.optional_boolean("cancel_at_period_end").value_or(false);
  snapshot.canceled_at = in.optional_seconds("canceled_at");
  snapshot.trial_end = in.optional_seconds("trial_end");
  snapshot.latest_invoice = in.optional_reference("latest_invoice");
  return snapshot;
}

void show(Subscription& row, const SubscriptionSnapshot& snapshot) {
  row.status = snapshot.status;
  row.customer = snapshot.customer;
  row.user_id = snapshot.user_id;
  row.plan = snapshot.plan;
  row.quantity = snapshot.quantity;
  row.started = snapshot.started;
  row.current_period_start = snapshot.current_period_start;
  row.current_period_end = snapshot.current_period_end;
  row.cancel_at_period_end = snapshot.cancel_at_period_end;
  row.canceled_at = snapshot.canceled_at;
  row.trial_end = snapshot.trial_end;
  row.latest_invoice = snapshot.latest_invoice;
}

std::optional<std::string> customers_user(const View& view, const Subscription& row) {
  const Customer* customer = view.find<Customer>(Scope{row.livemode, row.account}, row.customer);
  return customer ? customer->user_id : std::nullopt;
}

}  // namespace

Result<SubscriptionFacts> read_subscription(const Event& event) {
  TRY(const auto item, read_first_item(event.object()));
  Reader in(event.object());
  SubscriptionFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.lifecycle = lifecycle_of(event.meta.type);
  facts.snapshot = read_snapshot(in, item, event.meta.type);
  facts.terminal = is_final(facts.snapshot.status);
  if (const auto problem = in.problem()) return *problem;
  facts.state = AttributeDigest(event.object());
  facts.previous = AttributeDigest(event.previous_attributes());
  return facts;
}

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
  reads.want<Customer>(facts.meta.scope(), facts.snapshot.customer);
  name_subscription(view, facts.meta.scope(), facts.id, reads);
}

Result<Effects> decide(const View& view, const SubscriptionFacts& facts, const Policy& policy) {
  const Subscription* before = view.find<Subscription>(facts.meta.scope().key(facts.id));
  auto after = view.get_or_new<Subscription>(facts.meta.scope(), facts.id);
  after.events.merge(facts.meta.created, facts.terminal,
                     {facts.meta.id, facts.lifecycle, facts.snapshot, facts.state, facts.previous});
  const auto& winner = after.events.winner();
  show(after, winner.snapshot);
  if (winner.event == facts.meta.id) after.trusted = policy.trusts(facts.meta);

  Effects effects;
  effects.outcome = winner.event == facts.meta.id ? Outcome::duplicate : Outcome::stale;
  if (before != nullptr && *before == after) return effects;
  if (shows_change(before, after)) {
    effects.outcome = Outcome::applied;
    tell_change(effects, view, before, after, facts.meta.key);
  }
  effects.put(std::move(after));
  return effects;
}

SubscriptionView subscription_view(const Subscription& row,
                                   const std::optional<std::string>& customers_user) {
  SubscriptionView view;
  view.id = row.id;
  view.status = row.status;
  view.customer = row.customer;
  view.user_id = row.user_id ? row.user_id : customers_user;
  view.plan = row.plan;
  view.quantity = row.quantity;
  view.current_period_start = row.current_period_start;
  view.current_period_end = row.current_period_end;
  view.cancel_at_period_end = row.cancel_at_period_end;
  view.canceled_at = row.canceled_at;
  view.trial_end = row.trial_end;
  view.latest_invoice = row.latest_invoice;
  view.last_payment = row.last_payment;
  view.livemode = row.livemode;
  view.account = row.account;
  return view;
}

bool shows_change(const Subscription* before, const Subscription& after) {
  return before == nullptr ||
         subscription_view(*before, std::nullopt) != subscription_view(after, std::nullopt);
}

void tell_change(Effects& effects, const View& view, const Subscription* before, const Subscription& after,
                 const EventKey& event) {
  if (!after.status) return;
  const auto data = json::to_text(subscription_view(after, customers_user(view, after)));
  const bool ends = after.events.terminal && (before == nullptr || !before->events.terminal);
  if (ends)
    tell(effects, "subscription.canceled",
         "subscription.canceled:" + cause_of({after.livemode, after.account}, after.id), event, data);
  else
    tell(effects, "subscription.updated", event.value, event, data);
}

}  // namespace penstock
