// Connected accounts, their payouts, and the session payments that payouts settle.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/table.h"
#include "workers/domain/state/whole_state.h"
#include "workers/domain/state/words.h"

namespace penstock {

PENSTOCK_WORDS(AccountStatus, onboarding, pending, restricted, enabled)
// In rising order: the highest seen wins, whatever `created` says.
PENSTOCK_WORDS(PayoutStatus, pending, in_transit, paid, canceled, failed)
PENSTOCK_WORDS(RetryState, none, queued, due, exhausted)
PENSTOCK_WORDS(SessionPaymentStatus, pending, paid, failed)

struct Requirements {
  std::vector<std::string> currently_due;
  std::vector<std::string> eventually_due;
  std::vector<std::string> past_due;
  std::optional<std::string> disabled_reason;
  bool operator==(const Requirements&) const = default;
};

struct AccountSnapshot {
  std::optional<std::string> user_id;
  bool charges_enabled = false;
  bool payouts_enabled = false;
  bool details_submitted = false;
  Requirements requirements;
  bool operator==(const AccountSnapshot&) const = default;
};

// The columns from user_id to requirements are the winning snapshot's.
struct ConnectedAccount {
  std::string key;  // of the platform's scope: one of each mode
  std::string id;
  std::optional<std::string> user_id;
  AccountStatus status = AccountStatus::onboarding;
  bool charges_enabled = false;
  bool payouts_enabled = false;
  bool details_submitted = false;
  Requirements requirements;
  bool livemode = false;
  WholeState<AccountSnapshot> events;
  bool operator==(const ConnectedAccount&) const = default;
};

struct Payout {
  std::string key;
  std::string id;
  std::optional<PayoutStatus> status;
  std::optional<std::string> account;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<Timestamp> arrival_date;
  std::optional<std::string> destination;
  std::optional<std::string> failure_code;
  std::optional<std::string> failure_message;
  bool livemode = false;
  std::optional<EventVersion> version;         // of the event the columns above were taken from
  std::optional<std::string> session_payment;  // named by metadata.session_payment_id
  std::optional<EventVersion> session_payment_version;
  std::vector<std::string> registered;  // session payments that name this payout, sorted
  RetryState retry_state = RetryState::none;
  std::int64_t retry_attempts = 0;
  std::optional<Timestamp> retry_next_at;
  bool operator==(const Payout&) const = default;
};

// One payout id of one mode: whose payouts it is, which a registration need not say, and what was registered
// with it, which may be before any payout is known.
struct PayoutId {
  std::string key;  // of the platform's scope
  std::string id;
  bool livemode = false;
  std::vector<std::string> accounts;    // that have such a payout, sorted; empty text is the platform
  std::vector<std::string> registered;  // session payments that name it, sorted
  bool operator==(const PayoutId&) const = default;
};

// A payout that names a session payment, or is registered with it.
struct LinkedPayout {
  std::string id;
  std::optional<std::string> account;
  PayoutStatus status = PayoutStatus::pending;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  bool operator==(const LinkedPayout&) const = default;
};

// One of each mode. What it comes to, session_payments.h says.
struct SessionPayment {
  std::string key;  // of the platform's scope
  std::string id;
  bool livemode = false;
  bool both_modes = false;  // registered without a mode: there is such a row in the other one
  std::optional<std::string> tester_id;
  // As registered; a payout settles it only when it agrees with those that are there.
  std::optional<std::string> payout;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> account;
  std::vector<LinkedPayout> payouts;  // of its mode that name it, sorted by id and account
  bool operator==(const SessionPayment&) const = default;
};

template <>
struct Fields<Requirements> {
  using T = Requirements;
  static constexpr auto list =
      std::make_tuple(field("currently_due", &T::currently_due), field("eventually_due", &T::eventually_due),
                      field("past_due", &T::past_due), field("disabled_reason", &T::disabled_reason));
};
template <>
struct Fields<AccountSnapshot> {
  using T = AccountSnapshot;
  static constexpr auto list = std::make_tuple(
      field("user_id", &T::user_id), field("charges_enabled", &T::charges_enabled),
      field("payouts_enabled", &T::payouts_enabled), field("details_submitted", &T::details_submitted),
      field("requirements", &T::requirements));
};
template <>
struct Fields<ConnectedAccount> {
  using T = ConnectedAccount;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("user_id", &T::user_id), field("status", &T::status),
      field("charges_enabled", &T::charges_enabled), field("payouts_enabled", &T::payouts_enabled),
      field("details_submitted", &T::details_submitted), field("requirements", &T::requirements),
      field("livemode", &T::livemode), field("events", &T::events));
};
template <>
struct Fields<Payout> {
  using T = Payout;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("status", &T::status), field("account", &T::account),
      field("amount", &T::amount), field("currency", &T::currency), field("arrival_date", &T::arrival_date),
      field("destination", &T::destination), field("failure_code", &T::failure_code),
      field("failure_message", &T::failure_message), field("livemode", &T::livemode),
      field("version", &T::version), field("session_payment", &T::session_payment),
      field("session_payment_version", &T::session_payment_version), field("registered", &T::registered),
      field("retry_state", &T::retry_state), field("retry_attempts", &T::retry_attempts),
      field("retry_next_at", &T::retry_next_at));
};
template <>
struct Fields<PayoutId> {
  using T = PayoutId;
  static constexpr auto list =
      std::make_tuple(field("key", &T::key), field("id", &T::id), field("livemode", &T::livemode),
                      field("accounts", &T::accounts), field("registered", &T::registered));
};
template <>
struct Fields<LinkedPayout> {
  using T = LinkedPayout;
  static constexpr auto list =
      std::make_tuple(field("id", &T::id), field("account", &T::account), field("status", &T::status),
                      field("amount", &T::amount), field("currency", &T::currency));
};
template <>
struct Fields<SessionPayment> {
  using T = SessionPayment;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("livemode", &T::livemode),
      field("both_modes", &T::both_modes), field("tester_id", &T::tester_id), field("payout", &T::payout),
      field("amount", &T::amount), field("currency", &T::currency), field("account", &T::account),
      field("payouts", &T::payouts));
};
template <>
struct TableName<ConnectedAccount> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "user_id"}};
  static constexpr TableTraits traits{.name = "accounts", .resource = "accounts", .indexes = kIndexes};
};
template <>
struct TableName<Payout> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "account"}, {.column = "status"}};
  static constexpr TableTraits traits{
      .name = "payouts", .resource = "payouts", .scoped = true, .indexes = kIndexes};
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
