// Wallet deposits: checkout sessions with metadata.type "wallet_deposit".
//
// A deposit is settled towards what the rows call for, never by what an event says: its wallet is to hold the
// session's amount, less what has been refunded of its charges, as soon as the payment is paid and its user
// known. Postings only make up the difference, so every order of arrival ends with the same balances:
//   deposit:<session>                  the amount, once
//   refund:<charge>:<amount_refunded>  what this refund takes back beyond earlier ones, at most what is left
//   transfer:<session>:<event>         everything else: a customer link that moved, a charge that came to be
//                                      another's, a newer event that names another user, amount or purpose
// Sessions and charges of a connected account stand in them behind the account's id, as <account>:<session>.
//
// A paid one that names no user, customer or amount credits nothing: deposit_unclaimed (subject: the session).
// A refund in another currency than the deposit takes back all when it is full; when it is partial nothing
// can be said, and the alert refund_currency_mismatch (subject: the charge) asks a person.
#pragma once

#include <string>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/payments/linked_reads.h"
#include "workers/domain/state/draft.h"

namespace penstock {

// What the session's metadata says.
bool claims_deposit(const SessionAttributes& session);

// Whose wallet a customer's deposits are for, if the link is trusted.
std::optional<std::string> believed_user(const Customer& customer);

// Whether it is believed: wallets are the platform's, and not every session may touch them.
bool is_deposit(const CheckoutSession& session);

// The wallets that settling these sessions looks at, for the rows as they were and as the draft has them.
void name_wallets(const Draft& draft, const std::vector<std::string>& sessions, LinkedReads& linked);

// Settles those of the sessions that are or were deposits; a credited one is fulfilled. Errors:
// amount_overflow, as post().
Status settle_deposits(Draft& draft, const std::vector<std::string>& sessions, const EventMeta& meta);

}  // namespace penstock
