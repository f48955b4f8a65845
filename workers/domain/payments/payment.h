// A payment as clients read it: one row put together from the Stripe objects that are linked to one another.
//
// Sessions and charges belong to the payment intent that they name. Each session is a payment of its
// own; an intent without sessions is one, and so is a charge without an intent. Refunds and disputes
// of an intent's charges belong to its first session (by id): Stripe has one session an intent, and
// money is taken back only once. A partner's invoice is a payment of its own, linked to none of these.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/draft.h"

namespace penstock {

// contract.md, /v1/payments. Every field is the same for every order of arrival, but fulfilled_by.
struct Payment {
  std::string id;
  std::optional<std::string> session;
  std::optional<std::string> payment_intent;
  std::optional<std::string> charge;
  std::optional<std::string> subscription;  // that an invoice is for
  PaymentStatus status = PaymentStatus::pending;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  MinorUnits amount_refunded;
  std::optional<std::string> dispute;  // Stripe's status of the newest one
  std::optional<std::string> app_slug;
  std::optional<std::string> user_id;
  std::optional<std::string> customer;
  std::optional<std::string> account;
  bool livemode = false;
  std::map<std::string, std::string> metadata;
  bool fulfilled = false;
  std::optional<EventKey> fulfilled_by;
  bool operator==(const Payment&) const = default;
};
BOOST_DESCRIBE_STRUCT(Payment, (),
                      (id, session, payment_intent, charge, subscription, status, amount, currency,
                       amount_refunded, dispute, app_slug, user_id, customer, account, livemode, metadata,
                       fulfilled, fulfilled_by))

// The rows of one payment: an invoice, or at least one of session, intent and charges. The pointers live as long
// as what they were found in.
struct PaymentRows {
  const CheckoutSession* session = nullptr;
  const PaymentIntent* intent = nullptr;
  std::vector<const Charge*> charges;  // those whose refunds and disputes are this payment's, by id
  const Customer* customer = nullptr;
  const Invoice* invoice = nullptr;
};

// The highest status that the session, the intent or the invoice has shown. Refunds come on top of it.
PaymentStatus shown_status(const PaymentRows& rows);
bool is_paid(const PaymentRows& rows);

// Pure: the payment that these rows make. Amounts that pass int64 in sum stay at its largest value.
Payment project(const PaymentRows& rows);

// The rows of the payment of one session, intent, charge or invoice; nullopt when that row does not exist.
std::optional<PaymentRows> rows_of_session(const Draft& rows, const std::string& session);
std::optional<PaymentRows> rows_of_intent(const Draft& rows, const std::string& intent);
std::optional<PaymentRows> rows_of_charge(const Draft& rows, const std::string& charge);
std::optional<PaymentRows> rows_of_invoice(const Draft& rows, const std::string& invoice);

// The sessions that belong to an intent, by id: each a payment. Empty when the intent is one itself.
std::vector<std::string> sessions_of(const Draft& rows, const std::string& intent);

// Any id of a payment of the scope ("cs_…", "pi_…", "ch_…", an invoice's) leads to it; an intent's with several
// sessions to the first one's; what Stripe's objects and an invoice are both called by, to Stripe's. For reading outside a decision: name the rows until all are loaded, then ask.
void name_payment_reads(const View& view, const Scope& scope, const std::string& id, Reads& reads);
std::optional<PaymentRows> payment_rows_of(const Draft& rows, const std::string& id);

}  // namespace penstock
