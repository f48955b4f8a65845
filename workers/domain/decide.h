// The functional core: what an event changes, given what is known. Pure; the same for every order of arrival.
//
//   facts: what the event says, as its source has read it (workers/sources)
//   for (;;) { Reads reads(view); name_reads(view, facts, reads); if (reads.empty()) break; load…; }
//   Result<Effects> effects = decide(view, facts, policy);
//   view.apply(effects.value(), event.meta.key);
#pragma once

#include <variant>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/ads/ads.h"
#include "workers/domain/connect/accounts.h"
#include "workers/domain/connect/payouts.h"
#include "workers/domain/connectors/runs.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/invoices/invoices.h"
#include "workers/domain/outbound/published.h"
#include "workers/domain/payments/charges.h"
#include "workers/domain/payments/confirmations.h"
#include "workers/domain/payments/intents.h"
#include "workers/domain/payments/sessions.h"
#include "workers/domain/reports/reports.h"
#include "workers/domain/state/view.h"
#include "workers/domain/subscriptions/invoices.h"
#include "workers/domain/subscriptions/plans.h"
#include "workers/domain/subscriptions/subscriptions.h"
#include "workers/domain/subscriptions/trials.h"
#include "workers/domain/users/users.h"

namespace penstock {

// An event that no handler takes; `reason` is what the inbox says.
struct UnhandledFacts {
  EventMeta meta;
  std::string reason = "no_handler";
};

using Facts =
    std::variant<UnhandledFacts, SessionFacts, IntentFacts, RefundFacts, DisputeFacts, SubscriptionFacts,
                 InvoiceFacts, AccountFacts, PayoutFacts, UserFacts, InvoicePaymentFacts, PlanFacts,
                 TrialFacts, ImpressionFacts, ConfirmationFacts, ReportFacts, ConnectorFacts, PublishedFacts>;

// Adds the keys that decide() will look at, as far as the loaded rows tell. Call again after loading, until
// it adds none: rows name further rows.
void name_reads(const View& view, const Facts& facts, Reads& reads);

// All rows that name_reads asked for must be loaded. An error is `invalid` and parks the event: a rule cannot
// hold (amount_overflow, unknown_user, …); nothing is changed then.
Result<Effects> decide(const View& view, const Facts& facts, const Policy& policy);

}  // namespace penstock
