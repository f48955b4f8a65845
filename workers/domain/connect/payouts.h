// payout.*: the highest status that any event has shown wins, whatever `created` says, so that a payout that
// fails after it was paid is failed in every order of arrival.
//
// Amount, destination, failure and the like are those of the event with that status; of several, the greatest
// by (created, lifecycle, event id). The session payment that metadata names is kept apart: the newest named
// one holds, also when later events name none.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct PayoutFacts {
  EventMeta meta;
  std::string id;
  PayoutStatus status = PayoutStatus::pending;  // the higher of what the event's type and its object say
  std::int64_t lifecycle = 1;                   // 0 created, 1 others, 2 the end: paid, failed, canceled
  std::optional<MinorUnits> amount;             // negative when Stripe collects a negative balance
  std::optional<std::string> currency;
  std::optional<Timestamp> arrival_date;
  std::optional<std::string> destination;
  std::optional<std::string> failure_code;
  std::optional<std::string> failure_message;
  std::optional<std::string> session_payment;
};

void name_reads(const View& view, const PayoutFacts& facts, Reads& reads);

// Tells payout.paid and payout.failed once each, when the status first is that; a failure raises the alert
// payout_failed and plans a retry (retries.h). Brings the payout's session payments in line with it.
Result<Effects> decide(const View& view, const PayoutFacts& facts, const Policy& policy);

struct PayoutRetry {
  RetryState state = RetryState::none;
  std::int64_t attempts = 0;
  std::optional<Timestamp> next_at;
  bool operator==(const PayoutRetry&) const = default;
};
BOOST_DESCRIBE_STRUCT(PayoutRetry, (), (state, attempts, next_at))

// A payout as clients read it (contract.md, /v1/payouts).
struct PayoutView {
  std::string id;
  std::optional<std::string> account;
  std::optional<PayoutStatus> status;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<Timestamp> arrival_date;
  std::optional<std::string> destination;
  std::optional<std::string> failure_code;
  std::optional<std::string> failure_message;
  std::optional<std::string> session_payment;
  PayoutRetry retry;
  bool livemode = false;
  bool operator==(const PayoutView&) const = default;
};
BOOST_DESCRIBE_STRUCT(PayoutView, (),
                      (id, account, status, amount, currency, arrival_date, destination, failure_code,
                       failure_message, session_payment, retry, livemode))

PayoutView payout_view(const Payout& row);

}  // namespace penstock
