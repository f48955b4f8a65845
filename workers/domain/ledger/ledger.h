// The double-entry ledger: postings whose lines sum to zero in each currency and
// mode, and the wallets they add to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/state/draft.h"

namespace penstock {

// A user's wallet, or without a user the money that is at Stripe. Live and test money never share one.
struct LedgerAccount {
  bool livemode = false;
  std::string currency;
  std::optional<std::string> user_id;
  auto operator<=>(const LedgerAccount&) const = default;

  std::string name() const;  // "wallet:live:usd:<user>", "stripe:live:usd"
};
LedgerAccount stripe_side(const LedgerAccount& wallet);

struct PostingLine {
  LedgerAccount account;
  MinorUnits amount;  // positive increases the account
};

struct Posting {
  std::string effect_key;
  LedgerKind kind = LedgerKind::deposit;
  std::string payment;
  std::vector<PostingLine> lines;
};

// Adds the entries, moves the balances of the wallets and tells each wallet's owner (wallet.credited,
// wallet.reversed). Lines of one account are summed, lines of zero are left out. The wallets must be loaded.
// Error: `invalid`, "amount_overflow: …" when a balance would leave int64; the draft is then not to be used.
Status post(Draft& draft, const Posting& posting, const EventKey& event);

// The wallet holds one deposit more (or, with -1, less), whatever is left of its money.
void count_deposit(Draft& draft, const LedgerAccount& wallet, std::int64_t change);

}  // namespace penstock
