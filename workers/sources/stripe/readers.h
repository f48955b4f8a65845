// What Stripe's events say about each kind of object. Errors: wrong_shape, naming the path.
//
// To handle another type: a reader here, and a line in the table of stripe.cpp.
#pragma once

#include "workers/domain/decide.h"
#include "workers/sources/stripe/event.h"

namespace penstock::stripe {

// By event type; what no reader takes is UnhandledFacts.
Result<Facts> understand(const Event& event);

// Status: by the type for expired and async_payment_failed; else complete is paid
// (`paid`, `no_payment_required`) or processing, and open is pending. A completed session
// of old API versions has no `status`.
Result<SessionFacts> read_session(const Event& event);

// Status: failed by the type payment_failed (the object is then back at requires_payment_method), else by the
// object's: succeeded, processing, canceled; all others are pending. Its charges: `latest_charge`, or the
// list `charges` of API versions before 2022-11-15.
Result<IntentFacts> read_intent(const Event& event);

Result<RefundFacts> read_refund(const Event& event);
Result<DisputeFacts> read_dispute(const Event& event);

Result<SubscriptionFacts> read_subscription(const Event& event);

// Finds the subscription in both API shapes: under `parent` since basil
// (2025-03-31), at the top level before.
Result<InvoiceFacts> read_invoice(const Event& event);

Result<AccountFacts> read_account(const Event& event);

// A status that is not Stripe's is a wrong shape, too.
Result<PayoutFacts> read_payout(const Event& event);

}  // namespace penstock::stripe
