#include "workers/domain/payments/payment.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "workers/domain/event/metadata.h"
#include "workers/domain/payments/fulfil.h"
#include "workers/domain/payments/linked_reads.h"

namespace penstock {
namespace {

MinorUnits saturating_add(MinorUnits a, MinorUnits b) {
  return checked_add(a, b).value_or(MinorUnits{std::numeric_limits<std::int64_t>::max()});
}

// Charges of the intent; one that has come to belong to another intent counts there.
std::vector<const Charge*> charges_of(const Draft& rows, const PaymentIntent& intent) {
  std::vector<const Charge*> charges;
  for (const auto& id : intent.charges)
    if (const auto* charge = rows.find<Charge>(id); charge != nullptr && charge->payment_intent == intent.id)
      charges.push_back(charge);
  return charges;
}

// One charge of several is the payment's: the intent's own word, else the last.
const Charge* main_charge(const PaymentRows& rows) {
  if (rows.charges.empty()) return nullptr;
  for (const auto* charge : rows.charges)
    if (rows.intent != nullptr && charge->id == rows.intent->latest_charge) return charge;
  return rows.charges.back();
}

const Charge* newest_dispute(const PaymentRows& rows) {
  const auto age = [](const Charge* charge) { return std::tie(charge->dispute_created, charge->dispute); };
  const auto newest = std::max_element(rows.charges.begin(), rows.charges.end(),
                                       [&](const auto* a, const auto* b) { return age(a) < age(b); });
  return newest == rows.charges.end() ? nullptr : *newest;
}

bool is_refunded(const Charge& charge) { return charge.amount_refunded > MinorUnits{}; }
bool is_refunded_in_part(const Charge& charge) {
  return is_refunded(charge) && charge.amount && charge.amount_refunded < *charge.amount;
}

PaymentStatus status_with_refunds(const PaymentRows& rows) {
  const auto& charges = rows.charges;
  const auto any = [&](auto is) {
    return std::any_of(charges.begin(), charges.end(), [&](const auto* charge) { return is(*charge); });
  };
  if (!any(is_refunded)) return shown_status(rows);
  return any(is_refunded_in_part) ? PaymentStatus::partially_refunded : PaymentStatus::refunded;
}

void take_from(Payment& payment, const Charge& charge) {
  payment.id = charge.id;
  payment.payment_intent = charge.payment_intent;
  payment.amount = charge.amount;
  payment.currency = charge.currency;
  payment.account = charge.account;
  payment.livemode = charge.livemode;
}

void take_from(Payment& payment, const PaymentIntent& intent) {
  payment.id = intent.id;
  payment.payment_intent = intent.id;
  if (!intent.version) return;  // only named so far: the charge knows more
  if (intent.amount) payment.amount = intent.amount;
  if (intent.amount) payment.currency = intent.currency;
  payment.user_id = intent.user_id;
  payment.account = intent.account;
  payment.livemode = intent.livemode;
  payment.metadata = intent.metadata;
  payment.app_slug = find_text(intent.metadata, "app_slug");
}

void take_from(Payment& payment, const CheckoutSession& session) {
  payment.id = session.id;
  payment.session = session.id;
  payment.payment_intent = session.payment_intent;
  if (session.amount) payment.amount = session.amount;
  if (session.amount) payment.currency = session.currency;
  payment.user_id = session.user_id;
  payment.account = session.account;
  payment.livemode = session.livemode;
  payment.metadata = session.metadata;
  payment.app_slug = session.app_slug;
  payment.fulfilled = is_fulfilled(session);
  payment.fulfilled_by = session.fulfilled_by;
}

void take_from(Payment& payment, const Invoice& invoice) {
  payment.id = invoice.id;
  payment.subscription = invoice.subscription;
  payment.amount = invoice.amount;
  payment.currency = invoice.currency;
  payment.user_id = invoice.user_id;
  payment.livemode = invoice.livemode;
}

std::optional<std::string> customer_named(const PaymentRows& rows) {
  if (rows.session != nullptr && rows.session->customer) return rows.session->customer;
  if (rows.intent != nullptr && rows.intent->customer) return rows.intent->customer;
  const Charge* charge = main_charge(rows);
  return charge != nullptr ? charge->customer : std::nullopt;
}

}  // namespace

PaymentStatus shown_status(const PaymentRows& rows) {
  const auto session = rows.session != nullptr ? rows.session->status : PaymentStatus::pending;
  const auto intent = rows.intent != nullptr ? rows.intent->status : PaymentStatus::pending;
  const auto invoice = rows.invoice != nullptr ? rows.invoice->status : PaymentStatus::pending;
  return std::max({session, intent, invoice});
}

bool is_paid(const PaymentRows& rows) { return shown_status(rows) == PaymentStatus::paid; }

Payment project(const PaymentRows& rows) {
  Payment payment;
  const Charge* charge = main_charge(rows);
  if (charge != nullptr) take_from(payment, *charge);
  if (rows.intent != nullptr) take_from(payment, *rows.intent);
  if (rows.session != nullptr) take_from(payment, *rows.session);
  if (rows.invoice != nullptr) take_from(payment, *rows.invoice);
  if (charge != nullptr) payment.charge = charge->id;
  payment.status = status_with_refunds(rows);
  for (const auto* each : rows.charges)
    payment.amount_refunded = saturating_add(payment.amount_refunded, each->amount_refunded);
  if (const auto* disputed = newest_dispute(rows)) payment.dispute = disputed->dispute_status;
  payment.customer = customer_named(rows);
  if (!payment.user_id && rows.customer != nullptr) payment.user_id = rows.customer->user_id;
  return payment;
}

std::vector<std::string> sessions_of(const Draft& rows, const std::string& intent) {
  std::vector<std::string> sessions;
  if (const auto* row = rows.find<PaymentIntent>(intent))
    for (const auto& id : row->sessions)
      if (const auto* session = rows.find<CheckoutSession>(id);
          session != nullptr && session->payment_intent == intent)
        sessions.push_back(id);
  return sessions;
}

// Whether refunds and disputes of the intent's charges are this session's: those of the least that names it.
bool owns_charges(const Draft& rows, const std::string& session, const std::string& intent) {
  const auto sessions = sessions_of(rows, intent);
  return !sessions.empty() && sessions.front() == session;
}

std::optional<PaymentRows> rows_of_session(const Draft& rows, const std::string& session) {
  PaymentRows found;
  found.session = rows.find<CheckoutSession>(session);
  if (found.session == nullptr) return std::nullopt;
  found.intent = rows.find<PaymentIntent>(found.session->payment_intent);
  if (found.intent != nullptr && owns_charges(rows, session, found.intent->id))
    found.charges = charges_of(rows, *found.intent);
  found.customer = rows.find<Customer>(customer_named(found));
  return found;
}

std::optional<PaymentRows> rows_of_intent(const Draft& rows, const std::string& intent) {
  PaymentRows found;
  found.intent = rows.find<PaymentIntent>(intent);
  if (found.intent == nullptr) return std::nullopt;
  found.charges = charges_of(rows, *found.intent);
  found.customer = rows.find<Customer>(customer_named(found));
  return found;
}

std::optional<PaymentRows> rows_of_charge(const Draft& rows, const std::string& charge) {
  const auto* row = rows.find<Charge>(charge);
  if (row == nullptr) return std::nullopt;
  if (!row->payment_intent) {
    PaymentRows found;
    found.charges = {row};
    found.customer = rows.find<Customer>(customer_named(found));
    return found;
  }
  const auto sessions = sessions_of(rows, *row->payment_intent);
  return sessions.empty() ? rows_of_intent(rows, *row->payment_intent)
                          : rows_of_session(rows, sessions.front());
}

std::optional<PaymentRows> rows_of_invoice(const Draft& rows, const std::string& invoice) {
  PaymentRows found;
  found.invoice = rows.find<Invoice>(invoice);
  return found.invoice == nullptr ? std::nullopt : std::optional(std::move(found));
}

void name_payment_reads(const View& view, const Scope& scope, const std::string& id, Reads& reads) {
  LinkedReads linked(view, scope, reads);
  linked.want_session(id);
  linked.want_intent(id);
  linked.want_charge(id);
  linked.want<Invoice>(id);
}

std::optional<PaymentRows> payment_rows_of(const Draft& rows, const std::string& id) {
  if (auto found = rows_of_session(rows, id)) return found;
  if (rows.find<PaymentIntent>(id) == nullptr) {
    auto found = rows_of_charge(rows, id);
    return found ? std::move(found) : rows_of_invoice(rows, id);
  }
  const auto sessions = sessions_of(rows, id);
  return sessions.empty() ? rows_of_intent(rows, id) : rows_of_session(rows, sessions.front());
}

}  // namespace penstock
