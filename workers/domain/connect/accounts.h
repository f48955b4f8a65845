// account.updated: a connected account as its newest event tells it (whole_state.h), and what that means for
// it. One row of each mode. An account says nothing about another: such an event is ignored, foreign_account.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct AccountFacts {
  EventMeta meta;
  std::string id;
  AccountSnapshot snapshot;
  AttributeDigest state;
  AttributeDigest previous;
};

void name_reads(const View& view, const AccountFacts& facts, Reads& reads);
// Tells account.updated on every visible change.
Result<Effects> decide(const View& view, const AccountFacts& facts, const Policy& policy);

// enabled: charges and payouts are; else restricted: disabled for a reason, or something past due; else
// pending: details submitted; else onboarding.
AccountStatus account_status(const AccountSnapshot& snapshot) noexcept;

// A connected account as clients read it (contract.md, /v1/accounts).
struct AccountView {
  std::string id;
  std::optional<std::string> user_id;
  AccountStatus status = AccountStatus::onboarding;
  bool charges_enabled = false;
  bool payouts_enabled = false;
  bool details_submitted = false;
  Requirements requirements;
  bool livemode = false;
  bool operator==(const AccountView&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountView, (),
                      (id, user_id, status, charges_enabled, payouts_enabled, details_submitted, requirements,
                       livemode))

AccountView account_view(const ConnectedAccount& row);

}  // namespace penstock
