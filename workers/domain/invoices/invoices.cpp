#include "workers/domain/invoices/invoices.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/payment.h"
#include "workers/domain/subscriptions/invoices.h"
#include "workers/domain/subscriptions/subscriptions.h"

namespace penstock {
namespace {

PaymentStatus status_of(InvoiceOutcome outcome) {
  return outcome == InvoiceOutcome::paid ? PaymentStatus::paid : PaymentStatus::failed;
}

Payment payment_of(const Invoice& invoice) {
  PaymentRows rows;
  rows.invoice = &invoice;
  return project(rows);
}

void enqueue_status(Effects& effects, PaymentStatus before, const Invoice& after, const EventKey& event) {
  if (before == after.status) return;
  const std::string type = after.status == PaymentStatus::paid ? "invoice.paid" : "invoice.failed";
  const Scope scope = scope_of(after);
  enqueue_outbound(effects, scope, type, type + ":" + cause_of(scope, after.id), event,
                   json::to_text(payment_of(after)));
}

// True when there is something new to read.
bool put_invoice(Effects& effects, const View& view, const InvoicePaymentFacts& facts) {
  const Scope scope = facts.meta.scope();
  const Invoice* known = view.find<Invoice>(scope, facts.id);
  const auto before = view.get_or_new<Invoice>(scope, facts.id);
  Invoice after = before;
  take_newest(part<InvoiceAttributes>(after), after.versions, facts.said, facts.version());
  after.status = std::max(after.status, status_of(facts.outcome));
  if (known != nullptr && before == after) return false;
  enqueue_status(effects, before.status, after, facts.meta.key);
  const bool is_shown = known == nullptr || payment_of(before) != payment_of(after);
  effects.put(std::move(after));
  return is_shown;
}

bool put_subscription(Effects& effects, const View& view, const InvoicePaymentFacts& facts) {
  if (!facts.said.subscription) return false;
  auto change = change_of(view, facts.meta.scope(), *facts.said.subscription);
  take_last_payment(change.after, facts.outcome, facts.meta);
  return put_change(effects, view, std::move(change), kSubscriptionUpdated, facts.meta.key);
}

}  // namespace

void name_reads(const View& view, const InvoicePaymentFacts& facts, Reads& reads) {
  const Scope scope = facts.meta.scope();
  reads.want<Invoice>(scope, facts.id);
  if (facts.said.subscription) name_subscription(view, scope, *facts.said.subscription, reads);
}

Result<Effects> decide(const View& view, const InvoicePaymentFacts& facts, const Policy&) {
  const Invoice* before = view.find<Invoice>(facts.meta.scope(), facts.id);
  const bool is_stale = before != nullptr && knows_newer(before->versions, facts.version());
  Effects effects;
  const bool shows_invoice = put_invoice(effects, view, facts);
  const bool shows_subscription = put_subscription(effects, view, facts);
  if (shows_invoice || shows_subscription)
    effects.outcome = Outcome::applied;
  else
    effects.outcome = is_stale ? Outcome::stale : Outcome::duplicate;
  return effects;
}

}  // namespace penstock
