#include "workers/domain/subscriptions/invoices.h"

#include <algorithm>

#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock {
void name_reads(const View& view, const InvoiceFacts& facts, Reads& reads) {
  if (facts.subscription) name_subscription(view, facts.meta.scope(), *facts.subscription, reads);
}

Result<Effects> decide(const View& view, const InvoiceFacts& facts, const Policy&) {
  Effects effects;
  if (!facts.subscription) {
    effects.reason = "no_subscription";
    return effects;
  }
  const Subscription* before = view.find<Subscription>(facts.meta.scope(), facts.subscription);
  auto after = view.get_or_new<Subscription>(facts.meta.scope(), *facts.subscription);
  const auto version = facts.meta.version(facts.outcome == InvoiceOutcome::paid ? 1 : 0);
  const bool newest = after.last_payment_version <= version;
  if (newest) {
    after.last_payment = facts.outcome;
    after.last_payment_version = version;
  }

  effects.outcome = newest ? Outcome::duplicate : Outcome::stale;
  if (before != nullptr && *before == after) return effects;
  if (shows_change(before, after)) {
    effects.outcome = Outcome::applied;
    enqueue_change(effects, view, before, after, facts.meta.key);
  }
  effects.put(std::move(after));
  return effects;
}

}  // namespace penstock
