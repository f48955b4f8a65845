// Subscriptions as their events tell them, and how their last invoice went.
#pragma once

#include <optional>
#include <string>

#include "workers/domain/state/newest.h"
#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"
#include "workers/domain/state/whole_state.h"

namespace penstock {

// Best first: what a user's profile shows.
BOOST_DEFINE_ENUM_CLASS(SubscriptionStatus, active, trialing, past_due, unpaid, paused, incomplete, canceled,
                        incomplete_expired)
BOOST_DEFINE_ENUM_CLASS(InvoiceOutcome, failed, paid)

struct SubscriptionTerms {
  std::optional<SubscriptionStatus> status;  // none while only invoices have named it
  std::optional<std::string> customer;
  std::optional<std::string> user_id;
  std::optional<std::string> plan;
  std::optional<std::int64_t> quantity;
  bool operator==(const SubscriptionTerms&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubscriptionTerms, (), (status, customer, user_id, plan, quantity))

struct SubscriptionStart {
  std::optional<Timestamp> started;  // the subscription's own creation
  bool operator==(const SubscriptionStart&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubscriptionStart, (), (started))

struct SubscriptionPeriod {
  std::optional<Timestamp> current_period_start;
  std::optional<Timestamp> current_period_end;
  bool cancel_at_period_end = false;
  std::optional<Timestamp> canceled_at;
  std::optional<Timestamp> trial_end;
  std::optional<std::string> latest_invoice;
  bool operator==(const SubscriptionPeriod&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubscriptionPeriod, (),
                      (current_period_start, current_period_end, cancel_at_period_end, canceled_at, trial_end,
                       latest_invoice))

// What one event says of the whole subscription; clients read all of it but the start.
struct SubscriptionAttributes : SubscriptionTerms, SubscriptionStart, SubscriptionPeriod {
  bool operator==(const SubscriptionAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubscriptionAttributes, (SubscriptionTerms, SubscriptionStart, SubscriptionPeriod), ())

// What is told of a subscription by events that do not tell the whole of it.
struct SubscriptionParts {
  std::optional<std::string> user_id;
  std::optional<Timestamp> trial_end;
  bool operator==(const SubscriptionParts&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubscriptionParts, (), (user_id, trial_end))

struct PartsTold : SubscriptionParts {
  Versions versions;                         // of the parts
  std::optional<EventVersion> trial_ending;  // the newest notice that the trial is about to end
  bool operator==(const PartsTold&) const = default;
};
BOOST_DESCRIBE_STRUCT(PartsTold, (SubscriptionParts), (versions, trial_ending))

// The attributes are those of the winning event, and the parts that were told where that says nothing of them.
struct Subscription : ScopedRow, OfOrg, SubscriptionAttributes {
  bool trusted = false;  // whether it shows in its user's profile: so if the event that is shown was trusted
  std::optional<InvoiceOutcome> last_payment;
  std::optional<EventVersion> last_payment_version;  // rank: failed 0, paid 1
  WholeState<SubscriptionAttributes> events;
  std::optional<PartsTold> parts;  // none while no event told only parts
  bool operator==(const Subscription&) const = default;
};
BOOST_DESCRIBE_STRUCT(Subscription, (ScopedRow, OfOrg, SubscriptionAttributes),
                      (trusted, last_payment, last_payment_version, events, parts))

template <>
struct TableName<Subscription> {
  static constexpr ListIndex kIndexes[] = {{.only = kOfDefaultOrg},
                                           {.column = "org"},
                                           {.column = "customer"},
                                           {.column = "user_id"},
                                           {.column = "status"}};
  static constexpr TableTraits traits{
      .name = "subscriptions", .resource = "subscriptions", .indexes = kIndexes};
};

}  // namespace penstock
