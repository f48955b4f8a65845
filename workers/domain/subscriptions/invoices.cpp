#include "workers/domain/subscriptions/invoices.h"

#include <algorithm>

#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock {
void name_reads(const View& view, const InvoiceFacts& facts, Reads& reads) {
  if (facts.subscription) name_subscription(view, facts.meta.scope(), *facts.subscription, reads);
}

bool take_last_payment(Subscription& row, InvoiceOutcome outcome, const EventMeta& meta) {
  const auto version = meta.version(outcome == InvoiceOutcome::paid ? 1 : 0);
  if (row.last_payment_version > version) return false;
  row.last_payment = outcome;
  row.last_payment_version = version;
  return true;
}

Result<Effects> decide(const View& view, const InvoiceFacts& facts, const Policy&) {
  if (!facts.subscription) {
    Effects effects;
    effects.reason = "no_subscription";
    return effects;
  }
  auto change = change_of(view, facts.meta.scope(), *facts.subscription);
  const bool is_newest = take_last_payment(change.after, facts.outcome, facts.meta);
  return conclude(view, std::move(change), kSubscriptionUpdated, is_newest, facts.meta.key);
}

}  // namespace penstock
