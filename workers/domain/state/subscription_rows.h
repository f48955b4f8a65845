// Subscriptions as their events tell them, and how their last invoice went.
#pragma once

#include <optional>
#include <string>

#include "workers/domain/state/table.h"
#include "workers/domain/state/whole_state.h"
#include "workers/domain/state/words.h"

namespace penstock {

// Best first: what a user's profile shows.
PENSTOCK_WORDS(SubscriptionStatus, active, trialing, past_due, unpaid, paused, incomplete, canceled,
               incomplete_expired)
PENSTOCK_WORDS(InvoiceOutcome, failed, paid)

// What one event says of the whole subscription.
struct SubscriptionSnapshot {
  SubscriptionStatus status = SubscriptionStatus::incomplete;
  std::optional<std::string> customer;
  std::optional<std::string> user_id;
  std::optional<std::string> plan;
  std::optional<std::int64_t> quantity;
  std::optional<Timestamp> started;  // the subscription's own creation
  std::optional<Timestamp> current_period_start;
  std::optional<Timestamp> current_period_end;
  bool cancel_at_period_end = false;
  std::optional<Timestamp> canceled_at;
  std::optional<Timestamp> trial_end;
  std::optional<std::string> latest_invoice;
  bool operator==(const SubscriptionSnapshot&) const = default;
};

// The columns from status to latest_invoice are the winning snapshot's.
struct Subscription {
  std::string key;
  std::string id;
  std::optional<SubscriptionStatus> status;  // none while only invoices have named it
  std::optional<std::string> customer;
  std::optional<std::string> user_id;
  std::optional<std::string> plan;
  std::optional<std::int64_t> quantity;
  std::optional<Timestamp> started;
  std::optional<Timestamp> current_period_start;
  std::optional<Timestamp> current_period_end;
  bool cancel_at_period_end = false;
  std::optional<Timestamp> canceled_at;
  std::optional<Timestamp> trial_end;
  std::optional<std::string> latest_invoice;
  std::optional<std::string> account;
  bool livemode = false;
  bool trusted = false;  // whether it shows in its user's profile: so if the event that is shown was trusted
  std::optional<InvoiceOutcome> last_payment;
  std::optional<EventVersion> last_payment_version;  // rank: failed 0, paid 1
  WholeState<SubscriptionSnapshot> events;
  bool operator==(const Subscription&) const = default;
};

template <>
struct Fields<SubscriptionSnapshot> {
  using T = SubscriptionSnapshot;
  static constexpr auto list = std::make_tuple(
      field("status", &T::status), field("customer", &T::customer), field("user_id", &T::user_id),
      field("plan", &T::plan), field("quantity", &T::quantity), field("started", &T::started),
      field("current_period_start", &T::current_period_start),
      field("current_period_end", &T::current_period_end),
      field("cancel_at_period_end", &T::cancel_at_period_end), field("canceled_at", &T::canceled_at),
      field("trial_end", &T::trial_end), field("latest_invoice", &T::latest_invoice));
};
template <>
struct Fields<Subscription> {
  using T = Subscription;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("status", &T::status),
      field("customer", &T::customer), field("user_id", &T::user_id), field("plan", &T::plan),
      field("quantity", &T::quantity), field("started", &T::started),
      field("current_period_start", &T::current_period_start),
      field("current_period_end", &T::current_period_end),
      field("cancel_at_period_end", &T::cancel_at_period_end), field("canceled_at", &T::canceled_at),
      field("trial_end", &T::trial_end), field("latest_invoice", &T::latest_invoice),
      field("account", &T::account), field("livemode", &T::livemode), field("trusted", &T::trusted),
      field("last_payment", &T::last_payment), field("last_payment_version", &T::last_payment_version),
      field("events", &T::events));
};
template <>
struct TableName<Subscription> {
  static constexpr ListIndex kIndexes[] = {
      {}, {.column = "customer"}, {.column = "user_id"}, {.column = "status"}};
  static constexpr TableTraits traits{
      .name = "subscriptions", .resource = "subscriptions", .scoped = true, .indexes = kIndexes};
};

}  // namespace penstock
