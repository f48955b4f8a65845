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

// The rest is what all events about subscriptions have in common.

// A subscription as an event finds and leaves it.
struct SubscriptionChange {
  const Subscription* before = nullptr;  // null for a new row
  Subscription after;
};
// Nothing changed yet. The row must be loaded, and so must the customers that it names.
SubscriptionChange change_of(const View& view, const Scope& scope, const std::string& id);

// The subscription and, as far as it is loaded, the customers whose user its text may name.
void name_subscription(const View& view, const Scope& scope, const std::string& id, Reads& reads);

// Takes parts that an event tells; show() then shows them where the winning event says nothing of them.
void take_parts(Subscription& row, const SubscriptionParts& said, const EventVersion& version);
void show(Subscription& row);

// As outbound events have it: the view as JSON.
std::string subscription_text(const View& view, const Subscription& row);

// Puts the row, unless it is as it was, and tells what has changed for a client: subscription.canceled, once, when
// it ends, else an event of type `told_as`. Nothing is told of a subscription of which no event has told the whole.
// True: there is something new to read.
bool put_change(Effects& effects, const View& view, SubscriptionChange change, std::string_view told_as,
                const EventKey& event);
// Likewise as an event's whole effects.
Effects conclude(const View& view, SubscriptionChange change, std::string_view told_as, bool is_newest,
                 const EventKey& event);

inline constexpr std::string_view kSubscriptionUpdated = "subscription.updated";

}  // namespace penstock
