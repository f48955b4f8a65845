// customer.subscription.*: each event carries the whole subscription, and the newest one's is shown.
//
// Which event that is, whole_state.h says; deleted, canceled and incomplete_expired are final. Period
// timestamps are kept as they are told and compared with nothing: under a test clock they lie anywhere
// (docs.stripe.com, "Test clocks").
#pragma once

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

// The rank: 0 created, 1 others, 2 deleted.
struct SubscriptionFacts : FactsOf<SubscriptionAttributes> {
  bool terminal = false;
  AttributeDigest state;
  AttributeDigest previous;
};

void name_reads(const View& view, const SubscriptionFacts& facts, Reads& reads);
Result<Effects> decide(const View& view, const SubscriptionFacts& facts, const Policy& policy);

// A subscription as clients read it (contract.md, /v1/subscriptions).
struct SubscriptionView : ObjectId, SubscriptionTerms, SubscriptionPeriod {
  std::optional<InvoiceOutcome> last_payment;
  bool livemode = false;
  std::optional<std::string> account;
  bool operator==(const SubscriptionView&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubscriptionView, (ObjectId, SubscriptionTerms, SubscriptionPeriod),
                      (last_payment, livemode, account))

// `customers_user` is the user linked to the subscription's customer; the
// subscription's own metadata goes before.
SubscriptionView subscription_view(const Subscription& row, const std::optional<std::string>& customers_user);

// The rest is what subscription and invoice events have in common. `before` is null for a new row.

// The subscription and, as far as it is loaded, the customers whose user enqueue_change() may name.
void name_subscription(const View& view, const Scope& scope, const std::string& id, Reads& reads);

// Whether a client reads anything new.
bool shows_change(const Subscription* before, const Subscription& after);

// Adds subscription.canceled, once, when the subscription ends; subscription.updated on every other change.
// Nothing is told of a subscription that only invoices have named.
void enqueue_change(Effects& effects, const View& view, const Subscription* before, const Subscription& after,
                    const EventKey& event);

}  // namespace penstock
