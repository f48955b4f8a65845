// A service of the platform's confirms that a payment was paid: what a paid payment calls for is done then, once, whichever
// of the two comes first, this or the provider's events.
//
// The payment is looked up in the org of who confirms it, among the platform's own and not its connected accounts'. When it
// is not there, not paid, or of no known session, the confirmation waits (AwaitedPayment), and a timer looks it up again,
// by a schedule. An event that pays it fulfils it meanwhile, and knows nothing of who waits: the next look-up finds that it is
// done. After the last one the confirmation is given up, and is to be parked. Waiting changes nothing but when that is: what
// a payment comes to is the same in every order.
#pragma once

#include <string>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/payments/linked_reads.h"
#include "workers/domain/state/draft.h"

namespace penstock {

struct ConfirmationFacts {
  EventMeta meta;       // created: when it was received
  std::string payment;  // "cs_…", "pi_…"
};

void name_reads(const View& view, const ConfirmationFacts& facts, Reads& reads);

// Unroutable when the payment is for an app that nobody handles. Applied with the reason kPaymentAwaited when it waits.
// Errors: too_many_waiting (kConfirmationsAwaitingMax of one payment do), and that of the look-up when there is no schedule.
Result<Effects> decide(const View& view, const ConfirmationFacts& facts, const Policy& policy);
inline constexpr std::string_view kPaymentAwaited = "payment_awaited";
inline constexpr std::size_t kConfirmationsAwaitingMax = 100;

// A confirmation that has had its last look-up. Its event is to be parked.
struct GivenUp {
  EventKey event;
  std::int64_t lookups = 0;
  Error why;  // invalid: payment_unknown, payment_not_paid, session_unknown
};
struct LookUp {
  Effects effects;
  std::vector<GivenUp> given_up;
};

// Looks up the payment that an AwaitedPayment row names: fulfils it, or counts a look-up for those whose time has come.
// Nothing when nobody waits.
void name_lookup_reads(const View& view, const std::string& awaited, Reads& reads);
LookUp decide_lookup(const View& view, const std::string& awaited, Timestamp now, const Policy& policy);

}  // namespace penstock
