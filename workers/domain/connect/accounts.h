// account.updated: a connected account as its newest event tells it (whole_state.h), and what that means for
// it. One row of each mode. An account says nothing about another: such an event is ignored, foreign_account.
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct AccountFacts : FactsOf<AccountAttributes> {
  AttributeDigest state;
  AttributeDigest previous;
};

void name_reads(const View& view, const AccountFacts& facts, Reads& reads);
// Tells account.updated on every visible change.
Result<Effects> decide(const View& view, const AccountFacts& facts, const Policy& policy);

// enabled: charges and payouts are; else restricted: disabled for a reason, or something past due; else
// pending: details submitted; else onboarding.
AccountStatus account_status(const AccountCapabilities& can) noexcept;

// A connected account as clients read it (contract.md, /v1/accounts).
struct AccountHead : ObjectId, AccountOwner {
  AccountStatus status = AccountStatus::onboarding;
  bool operator==(const AccountHead&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountHead, (ObjectId, AccountOwner), (status))
struct AccountView : AccountHead, AccountCapabilities {
  bool livemode = false;
  bool operator==(const AccountView&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountView, (AccountHead, AccountCapabilities), (livemode))

AccountView account_view(const ConnectedAccount& row);

}  // namespace penstock
