// Connected accounts, their payouts, and the session payments that payouts settle.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"
#include "workers/domain/state/whole_state.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(AccountStatus, onboarding, pending, restricted, enabled)
// In rising order: the highest seen wins, whatever `created` says.
BOOST_DEFINE_ENUM_CLASS(PayoutStatus, pending, in_transit, paid, canceled, failed)
BOOST_DEFINE_ENUM_CLASS(RetryState, none, queued, due, exhausted)
BOOST_DEFINE_ENUM_CLASS(SessionPaymentStatus, pending, paid, failed)

struct Requirements {
  std::vector<std::string> currently_due;
  std::vector<std::string> eventually_due;
  std::vector<std::string> past_due;
  std::optional<std::string> disabled_reason;
  bool operator==(const Requirements&) const = default;
};
BOOST_DESCRIBE_STRUCT(Requirements, (), (currently_due, eventually_due, past_due, disabled_reason))

struct AccountOwner {
  std::optional<std::string> user_id;
  bool operator==(const AccountOwner&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountOwner, (), (user_id))

struct AccountCapabilities {
  bool charges_enabled = false;
  bool payouts_enabled = false;
  bool details_submitted = false;
  Requirements requirements;
  bool operator==(const AccountCapabilities&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountCapabilities, (),
                      (charges_enabled, payouts_enabled, details_submitted, requirements))

struct AccountAttributes : AccountOwner, AccountCapabilities {
  bool operator==(const AccountAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountAttributes, (AccountOwner, AccountCapabilities), ())

// The attributes are those of the winning event.
struct ConnectedAccount : PlatformRow, AccountAttributes {
  AccountStatus status = AccountStatus::onboarding;
  WholeState<AccountAttributes> events;
  bool operator==(const ConnectedAccount&) const = default;
};
BOOST_DESCRIBE_STRUCT(ConnectedAccount, (PlatformRow, AccountAttributes), (status, events))

struct PayoutAttributes {
  std::optional<PayoutStatus> status;  // the higher of what the event's type and its object say
  std::optional<MinorUnits> amount;    // negative when Stripe collects a negative balance
  std::optional<std::string> currency;
  std::optional<Timestamp> arrival_date;
  std::optional<std::string> destination;
  std::optional<std::string> failure_code;
  std::optional<std::string> failure_message;
  bool operator==(const PayoutAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(PayoutAttributes, (),
                      (status, amount, currency, arrival_date, destination, failure_code, failure_message))

struct Payout : ScopedRow, PayoutAttributes {
  std::optional<EventVersion> version;         // of the event that the attributes were taken from
  std::optional<std::string> session_payment;  // named by metadata.session_payment_id
  std::optional<EventVersion> session_payment_version;
  std::vector<std::string> registered;  // session payments that name this payout, sorted
  RetryState retry_state = RetryState::none;
  std::int64_t retry_attempts = 0;
  std::optional<Timestamp> retry_next_at;
  bool operator==(const Payout&) const = default;
};
BOOST_DESCRIBE_STRUCT(Payout, (ScopedRow, PayoutAttributes),
                      (version, session_payment, session_payment_version, registered, retry_state,
                       retry_attempts, retry_next_at))

// One payout id of one mode: whose payouts it is, which a registration need not say, and what was registered
// with it, which may be before any payout is known.
struct PayoutId : PlatformRow {
  std::vector<std::string> accounts;    // that have such a payout, sorted; empty text is the platform
  std::vector<std::string> registered;  // session payments that name it, sorted
  bool operator==(const PayoutId&) const = default;
};
BOOST_DESCRIBE_STRUCT(PayoutId, (PlatformRow), (accounts, registered))

// A payout that names a session payment, or is registered with it.
struct LinkedPayout {
  std::string id;
  std::optional<std::string> account;
  PayoutStatus status = PayoutStatus::pending;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  bool operator==(const LinkedPayout&) const = default;
};
BOOST_DESCRIBE_STRUCT(LinkedPayout, (), (id, account, status, amount, currency))

struct SessionPaymentNames {
  std::optional<std::string> tester_id;
  std::optional<std::string> payout;
  bool operator==(const SessionPaymentNames&) const = default;
};
BOOST_DESCRIBE_STRUCT(SessionPaymentNames, (), (tester_id, payout))

struct SessionPaymentTerms {
  std::optional<MinorUnits> amount = {};
  std::optional<std::string> currency = {};
  std::optional<std::string> account = {};
  bool operator==(const SessionPaymentTerms&) const = default;
};
BOOST_DESCRIBE_STRUCT(SessionPaymentTerms, (), (amount, currency, account))

// Names and terms are as registered; a payout settles it only when it agrees with those that are there. What it
// comes to, session_payments.h says.
struct SessionPayment : PlatformRow, SessionPaymentNames, SessionPaymentTerms {
  bool both_modes = false;            // registered without a mode: there is such a row in the other one
  std::vector<LinkedPayout> payouts;  // of its mode that name it, sorted by id and account
  bool operator==(const SessionPayment&) const = default;
};
BOOST_DESCRIBE_STRUCT(SessionPayment, (PlatformRow, SessionPaymentNames, SessionPaymentTerms),
                      (both_modes, payouts))

template <>
struct TableName<ConnectedAccount> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "user_id"}};
  static constexpr TableTraits traits{.name = "accounts", .resource = "accounts", .indexes = kIndexes};
};
template <>
struct TableName<Payout> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "account"}, {.column = "status"}};
  static constexpr TableTraits traits{.name = "payouts", .resource = "payouts", .indexes = kIndexes};
};
template <>
struct TableName<PayoutId> {
  static constexpr TableTraits traits{.name = "payout_ids"};
};
template <>
struct TableName<SessionPayment> {
  static constexpr TableTraits traits{.name = "session_payments", .resource = "session-payments"};
};

}  // namespace penstock
