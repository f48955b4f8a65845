// What partners' events say of each kind of object (contract.md, "Doors"). Errors: wrong_shape, naming the path.
//
// To handle another type: a reader here, and a line in the table of partners.cpp.
#pragma once

#include "workers/domain/decide.h"
#include "workers/sources/partners/event.h"

namespace penstock::partners {

// {id, email?, name?}
Result<UserFacts> read_user(const Event& event);

// {id, user_id?, subscription_id?, amount, currency}
Result<InvoicePaymentFacts> read_invoice(const Event& event);

// {id, user_id?, plan}
Result<PlanFacts> read_plan(const Event& event);

// {id, user_id?, trial_end?}; the time as `created` of an event.
Result<TrialFacts> read_trial(const Event& event);

}  // namespace penstock::partners
