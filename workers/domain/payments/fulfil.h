// What a paid session buys: all that its events have named to apps, given once.
//
// An app that an operator has registered and not disabled (state/payment_rows.h, RegisteredApp) is told of the payment, and
// says itself what that gives: a Fulfillment row without grants, and payment.succeeded to that app alone. Built in, each with what it reads from the session's metadata:
//   courses        course_id               -> a course
//   bundles        bundle_id, course_ids   -> the bundle, and each course of the comma-separated list
//   subscriptions  plan                    -> a plan
// What one event has named is given even if a later one names something else, or nothing; a session whose
// newest metadata says that it is a wallet deposit may have grants from before. Granted and credited are two
// facts, and a session is fulfilled by either.
//
// A payment that names nothing of what its handler reads stays paid and unfulfilled and raises the alert
// fulfilment_incomplete; one whose slug nobody handles, or whose app is disabled, raises app_unknown; one of a connected account that is
// not trusted raises grant_refused. The subject is the payment.
#pragma once

#include <string>
#include <vector>

#include "workers/domain/payments/linked_reads.h"
#include "workers/domain/state/draft.h"

namespace penstock {

// What the session's newest metadata calls for, once it is paid.
enum class Fulfilment { nothing_due, done, incomplete, unknown_app, refused };

// What the session's events have named, sorted. A row from before this was kept
// knows its newest event's only.
std::vector<NamedGrants> named_by(const CheckoutSession& session);

// The rows that fulfil() looks at for these sessions as the draft has them.
void name_fulfilments(const Draft& draft, const std::vector<std::string>& sessions, LinkedReads& linked);

// Gives what the session's events have named, as far as somebody handles it and it has not been given, when it is paid (refunds do
// not matter) and trusted. The Fulfillment rows hold for the session's user, else its customer's.
Fulfilment fulfil(Draft& draft, const std::string& session, const EventKey& event);

bool is_fulfilled(const CheckoutSession& session);
// Keeps fulfilled_by in step, after `event` has changed what the row was granted or credited.
void note_fulfilment(CheckoutSession& row, const EventKey& event);

}  // namespace penstock
