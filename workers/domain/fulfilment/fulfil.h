// What a paid session buys: the handler of its metadata.app_slug, once per payment.
//
// Built in, each with what it reads from the session's metadata:
//   courses        course_id               -> a course
//   bundles        bundle_id, course_ids   -> the bundle, and each course of the comma-separated list
//   subscriptions  plan                    -> a plan
// A payment that names nothing of what its handler reads stays paid and unfulfilled and raises the alert
// fulfilment_incomplete; one whose slug nobody handles raises app_unknown. The subject of both is the
// payment.
#pragma once

#include <string>

#include "workers/domain/state/draft.h"

namespace penstock {

enum class Fulfilment { nothing_due, done, incomplete, unknown_app };

// Fulfils the session's payment when that is due: paid (refunds do not matter), not fulfilled yet, no wallet
// deposit, and naming an app. Adds the Fulfillment row, whose grants hold for the session's user, else its
// customer's.
Fulfilment fulfil(Draft& draft, const std::string& session, const EventKey& event);

}  // namespace penstock
