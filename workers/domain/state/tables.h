// Every table there is: what views hold, drafts change and stores have follows from these lists.
#pragma once

#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include "workers/domain/state/ad_rows.h"
#include "workers/domain/state/connect_rows.h"
#include "workers/domain/state/event_rows.h"
#include "workers/domain/state/outbound_rows.h"
#include "workers/domain/state/payment_rows.h"
#include "workers/domain/state/report_rows.h"
#include "workers/domain/state/run_rows.h"
#include "workers/domain/state/setting_rows.h"
#include "workers/domain/state/subscription_rows.h"
#include "workers/domain/state/user_rows.h"

namespace penstock {

// Rows that are loaded before they are decided about. Written in this order, always: no two batches deadlock.
template <template <class> class Of>
using StateTables =
    std::tuple<Of<Customer>, Of<CheckoutSession>, Of<PaymentIntent>, Of<Charge>, Of<Wallet>, Of<Fulfillment>,
               Of<Subscription>, Of<ConnectedAccount>, Of<PayoutId>, Of<Payout>, Of<SessionPayment>,
               Of<Invoice>, Of<User>, Of<CountedOffset>, Of<Ad>, Of<RegisteredApp>, Of<AwaitedPayment>,
               Of<Report>, Of<WorkflowRun>, Of<RunPublication>>;
// Rows that are only ever added.
template <template <class> class Of>
using AddedTables = std::tuple<Of<LedgerEntry>, Of<Alert>, Of<OutboxRow>>;
// Rows that no event reads or changes.
template <template <class> class Of>
using ControlTables = std::tuple<Of<SettingRow>, Of<AuditRow>, Of<FeedEvent>, Of<FeedHead>, Of<Delivery>,
                                 Of<DeliveryEndpoint>, Of<DeliveryAttempt>>;

// These, and the inbox.
std::vector<const Table*> all_tables();

// The admin resources that show them.
std::set<std::string_view> all_resources();

}  // namespace penstock
