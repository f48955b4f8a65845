#include "workers/sources/stripe/readers.h"

#include "workers/domain/event/metadata.h"
#include "workers/sources/reader.h"

namespace penstock::stripe {
namespace {

constexpr std::string_view kCreated = "customer.subscription.created";
constexpr std::string_view kDeleted = "customer.subscription.deleted";

std::int64_t rank_of(std::string_view type) noexcept {
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
    return Error{ErrorCode::invalid, "wrong_shape: data.object.items has no array data"};
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

SubscriptionAttributes read_attributes(Reader& in, const PlanAndPeriod& item, std::string_view event_type) {
  const PlanAndPeriod top = read_plan_and_period(in);
  SubscriptionAttributes said;
  said.status = read_status(in, event_type);
  said.customer = in.optional_reference("customer");
  said.user_id = find_text(in.metadata(), "user_id");
  said.plan = first_known(item.plan, top.plan);
  said.quantity = first_known(item.quantity, top.quantity);
  said.started = in.optional_seconds("created");
  said.current_period_start = first_known(item.period_start, top.period_start);
  said.current_period_end = first_known(item.period_end, top.period_end);
  said.cancel_at_period_end = in.optional_boolean("cancel_at_period_end").value_or(false);
  said.canceled_at = in.optional_seconds("canceled_at");
  said.trial_end = in.optional_seconds("trial_end");
  said.latest_invoice = in.optional_reference("latest_invoice");
  return said;
}

}  // namespace

Result<SubscriptionFacts> read_subscription(const Event& event) {
  TRY(const auto item, read_first_item(event.object()));
  Reader in(event.object());
  SubscriptionFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.rank = rank_of(event.meta.type);
  facts.said = read_attributes(in, item, event.meta.type);
  facts.terminal = is_final(*facts.said.status);
  if (const auto problem = in.problem()) return *problem;
  facts.state = AttributeDigest(event.object());
  facts.previous = AttributeDigest(event.previous_attributes());
  return facts;
}

}  // namespace penstock::stripe
