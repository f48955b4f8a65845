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

// The rank: 0 created, 1 others, 2 the end: paid, failed, canceled.
struct PayoutFacts : FactsOf<PayoutAttributes> {
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
struct PayoutHead : ObjectId {
  std::optional<std::string> account;
  bool operator==(const PayoutHead&) const = default;
};
BOOST_DESCRIBE_STRUCT(PayoutHead, (ObjectId), (account))
struct PayoutView : PayoutHead, PayoutAttributes {
  std::optional<std::string> session_payment;
  PayoutRetry retry;
  bool livemode = false;
  bool operator==(const PayoutView&) const = default;
};
BOOST_DESCRIBE_STRUCT(PayoutView, (PayoutHead, PayoutAttributes), (session_payment, retry, livemode))

PayoutView payout_view(const Payout& row);

}  // namespace penstock
