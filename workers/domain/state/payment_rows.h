// What events have shown about payments, one row per Stripe object, and the money and grants that followed.
//
// Each row belongs to one Scope and is a join-semilattice: applying an event is a merge that is
// commutative, associative and idempotent, so that the rows end the same for every order and repetition.
// What a client reads as "the payment" is a pure function of the rows of one payment intent
// (payments/payment.h) and is stored nowhere.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/newest.h"
#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"

namespace penstock {

// In rising order: a payment's status is the highest that any event has shown; refunds come on top.
BOOST_DEFINE_ENUM_CLASS(PaymentStatus, pending, processing, failed, canceled, expired, paid,
                        partially_refunded, refunded)

// What one event's metadata names to an app.
struct Grant {
  std::string kind;
  std::string id;
  auto operator<=>(const Grant&) const = default;
};
BOOST_DESCRIBE_STRUCT(Grant, (), (kind, id))
struct NamedGrants {
  std::string app_slug;
  std::vector<Grant> grants;  // in the order of the metadata, each once
  auto operator<=>(const NamedGrants&) const = default;
};
BOOST_DESCRIBE_STRUCT(NamedGrants, (), (app_slug, grants))

// What an event says of a session. That of the newest event holds, but for trust (below).
struct SessionAttributes {
  std::optional<std::string> mode;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> customer;
  std::optional<std::string> user_id;  // named by the session itself, not through the customer
  std::optional<std::string> app_slug;
  std::map<std::string, std::string> metadata;
  bool operator==(const SessionAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(SessionAttributes, (), (mode, amount, currency, customer, user_id, app_slug, metadata))

struct CheckoutSession : ScopedRow, SessionAttributes {
  PaymentStatus status = PaymentStatus::pending;  // the highest that a session event has shown
  std::optional<std::string> payment_intent;
  EventVersion version;  // of the event that the attributes were taken from: the greatest

  // Whether it may touch wallets, profiles and grants: the platform's own, and a connected account's once an
  // event of it was applied while such accounts were trusted. Who and what it is for is as the newest of
  // these events says then, whatever others say later.
  bool trusted = false;
  std::vector<NamedGrants> named;  // by all of its events, whatever the newest says; sorted
  bool granted = false;            // what is named has been given

  std::optional<std::string> credited_to;  // the user whose wallet holds this deposit
  MinorUnits credited;                     // by this deposit, before refunds
  MinorUnits reversed;                     // taken back by refunds
  bool deposited = false;                  // its effect key has been used

  std::optional<EventKey> fulfilled_by;  // while it is fulfilled: granted or credited
  bool operator==(const CheckoutSession&) const = default;
};
BOOST_DESCRIBE_STRUCT(CheckoutSession, (ScopedRow, SessionAttributes),
                      (status, payment_intent, version, trusted, named, granted, credited_to, credited,
                       reversed, deposited, fulfilled_by))

struct IntentAttributes {
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> customer;
  std::optional<std::string> user_id;
  std::map<std::string, std::string> metadata;
  std::optional<std::string> latest_charge;
  bool operator==(const IntentAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(IntentAttributes, (), (amount, currency, customer, user_id, metadata, latest_charge))

struct PaymentIntent : ScopedRow, IntentAttributes {
  PaymentStatus status = PaymentStatus::pending;
  std::optional<EventVersion> version;  // none while only other objects have named this intent
  std::vector<std::string> sessions;    // that name this intent, sorted
  std::vector<std::string> charges;     // of this intent, sorted
  bool operator==(const PaymentIntent&) const = default;
};
BOOST_DESCRIBE_STRUCT(PaymentIntent, (ScopedRow, IntentAttributes), (status, version, sessions, charges))

struct ChargeAttributes {
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> customer;
  bool operator==(const ChargeAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(ChargeAttributes, (), (amount, currency, customer))

struct DisputeAttributes {
  std::optional<std::string> dispute;
  std::optional<Timestamp> dispute_created;
  std::optional<std::string> dispute_status;
  bool operator==(const DisputeAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(DisputeAttributes, (), (dispute, dispute_created, dispute_status))

// The dispute is the newest by (its creation, its id), as its newest event has it.
struct Charge : ScopedRow, ChargeAttributes, DisputeAttributes {
  std::optional<std::string> payment_intent;
  MinorUnits amount_refunded;           // the largest seen
  std::optional<EventVersion> version;  // of the newest charge event; none while only others have named it
  std::optional<EventVersion> dispute_version;
  bool operator==(const Charge&) const = default;
};
BOOST_DESCRIBE_STRUCT(Charge, (ScopedRow, ChargeAttributes, DisputeAttributes),
                      (payment_intent, amount_refunded, version, dispute_version))

// Links a Stripe customer to a user. The earliest link (by event version) holds, of trusted ones if there are
// any, so that a later session never moves money that was credited through the customer.
struct Customer : ScopedRow {
  bool trusted = false;  // whether the link counts for wallets and profiles: so if the event that made it did
  std::optional<std::string> user_id;
  std::optional<EventVersion> linked_by;
  std::vector<std::string> deposits;  // sessions that deposit to whoever the customer is, sorted
  bool operator==(const Customer&) const = default;
};
BOOST_DESCRIBE_STRUCT(Customer, (ScopedRow), (trusted, user_id, linked_by, deposits))

// What a paid session has been given through one app: all that its events named to it, each once.
struct Fulfillment : ScopedRow {  // its id is fulfillment_id()
  std::string payment;
  std::string app_slug;
  std::string action;
  std::optional<std::string> user_id;  // when the session names it; else the customer's
  std::optional<std::string> customer;
  std::vector<Grant> grants;
  EventKey event;  // that gave the first of them
  bool operator==(const Fulfillment&) const = default;
};
BOOST_DESCRIBE_STRUCT(Fulfillment, (ScopedRow), (payment, app_slug, action, user_id, customer, grants, event))
std::string fulfillment_id(std::string_view payment, std::string_view app_slug);  // "cs_1:courses"

// One user's money of one currency and mode; its balance is the sum of its ledger entries. A wallet that
// holds no deposit is one that a moved customer link has left behind: it is not shown, as in another order it
// is not there.
struct Wallet {
  std::string id;  // wallet_id()
  std::string user_id;
  std::string currency;
  bool livemode = false;
  MinorUnits balance;
  std::int64_t deposits = 0;  // that are credited here now
  bool operator==(const Wallet&) const = default;
};
BOOST_DESCRIBE_STRUCT(Wallet, (), (id, user_id, currency, livemode, balance, deposits))

// "live:usd:<user>" or "test:usd:<user>": wallets are the platform's.
std::string wallet_id(bool livemode, std::string_view currency, std::string_view user_id);

BOOST_DEFINE_ENUM_CLASS(LedgerKind, deposit, refund, transfer)

// One side of a posting. The entries of one effect key sum to zero; positive amounts increase the account.
struct LedgerEntry {
  std::string id;          // "<effect key>/<payment>/<account>"
  std::string effect_key;  // "deposit:cs_1", "refund:ch_1:500", …: permanent and unique
  LedgerKind kind = LedgerKind::deposit;
  std::string account;  // "wallet:live:usd:u1", or the other side: "stripe:live:usd"
  MinorUnits amount;
  std::string currency;
  bool livemode = false;
  std::optional<std::string> user_id;  // on the wallet's side
  std::string payment;
  EventKey event;
  bool operator==(const LedgerEntry&) const = default;
};
BOOST_DESCRIBE_STRUCT(LedgerEntry, (),
                      (id, effect_key, kind, account, amount, currency, livemode, user_id, payment, event))

// An app of the operator's that fulfils payments of its slug, as far as deciding needs it: written with the setting.
struct RegisteredApp {
  std::string id;        // the slug
  bool enabled = false;  // it is there, and takes payments
  bool operator==(const RegisteredApp&) const = default;
};
BOOST_DESCRIBE_STRUCT(RegisteredApp, (), (id, enabled))

// A confirmation that came before its payment could be fulfilled.
struct AwaitingConfirmation {
  EventKey event;
  std::int64_t lookups = 0;  // that found nothing to fulfil
  Timestamp next_at;         // of the next one
  bool operator==(const AwaitingConfirmation&) const = default;
};
BOOST_DESCRIBE_STRUCT(AwaitingConfirmation, (), (event, lookups, next_at))

// A payment that confirmations wait for, or have waited for. It moves with time, as a payout's retry does.
struct AwaitedPayment {
  std::string id;  // awaited_payment_id()
  std::optional<std::string> org;
  std::string payment;                         // "cs_…", "pi_…"
  std::vector<AwaitingConfirmation> awaiting;  // in the order in which they came
  std::optional<Timestamp> next_at;            // the first of theirs
  bool operator==(const AwaitedPayment&) const = default;
};
BOOST_DESCRIBE_STRUCT(AwaitedPayment, (), (id, org, payment, awaiting, next_at))
std::string awaited_payment_id(const std::optional<std::string>& org,
                               std::string_view payment);  // "default:cs_1"

struct InvoiceAttributes {
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> user_id;
  std::optional<std::string> subscription;
  bool operator==(const InvoiceAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(InvoiceAttributes, (), (amount, currency, user_id, subscription))

// A partner's invoice: a payment by itself, to which nothing of Stripe's is linked, so that it never pays for a
// session, credits a wallet or grants anything.
struct Invoice : OrgRow, InvoiceAttributes {
  PaymentStatus status = PaymentStatus::pending;
  Versions versions;  // of the attributes
  bool operator==(const Invoice&) const = default;
};
BOOST_DESCRIBE_STRUCT(Invoice, (OrgRow, InvoiceAttributes), (status, versions))

// What almost every session, intent and invoice comes to be.
inline constexpr std::string_view kCommonStatuses[] = {"paid"};
// A session or charge that names no intent.
inline constexpr std::string_view kWithoutIntent = "payment_intent IS NULL";
// An intent whose status says something: of its own, or because no session says more.
inline constexpr std::string_view kToldOrAlone = "version IS NOT NULL OR CAST(sessions AS text) = '[]'";
inline constexpr std::string_view kRefundedInPart = "amount_refunded > 0 AND amount_refunded < amount";
inline constexpr std::string_view kRefundedInFull = "amount_refunded > 0 AND amount_refunded >= amount";

template <>
struct TableName<CheckoutSession> {
  static constexpr ListIndex kIndexes[] = {{.only = kWithoutIntent},
                                           {.column = "user_id"},
                                           {.column = "customer"},
                                           {.column = "status", .common = kCommonStatuses}};
  static constexpr TableTraits traits{
      .name = "checkout_sessions", .resource = "payments", .indexes = kIndexes};
};
template <>
struct TableName<PaymentIntent> {
  static constexpr ListIndex kIndexes[] = {
      {},
      {.column = "user_id"},
      {.column = "customer"},
      {.column = "status", .only = kToldOrAlone, .common = kCommonStatuses}};
  static constexpr TableTraits traits{.name = "payment_intents", .resource = "payments", .indexes = kIndexes};
};
template <>
struct TableName<Charge> {
  static constexpr ListIndex kIndexes[] = {
      {.only = kWithoutIntent}, {.column = "customer"}, {.only = kRefundedInPart}, {.only = kRefundedInFull}};
  static constexpr TableTraits traits{.name = "charges", .indexes = kIndexes};
};
template <>
struct TableName<Invoice> {
  static constexpr ListIndex kIndexes[] = {{.only = kOfDefaultOrg},
                                           {.column = "org"},
                                           {.column = "user_id"},
                                           {.column = "status", .common = kCommonStatuses}};
  static constexpr TableTraits traits{.name = "invoices", .resource = "payments", .indexes = kIndexes};
};
template <>
struct TableName<RegisteredApp> {
  static constexpr TableTraits traits{.name = "registered_apps", .shared = true};
};
template <>
struct TableName<AwaitedPayment> {
  static constexpr TableTraits traits{.name = "awaited_payments"};
};
template <>
struct TableName<Customer> {
  static constexpr TableTraits traits{.name = "customers"};
};
template <>
struct TableName<Fulfillment> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "payment"}};
  static constexpr TableTraits traits{
      .name = "fulfillments", .resource = "fulfillments", .indexes = kIndexes};
};
template <>
struct TableName<Wallet> {
  static constexpr TableTraits traits{.name = "wallets"};
};
template <>
struct TableName<LedgerEntry> {
  static constexpr ListIndex kIndexes[] = {{.column = "user_id"}};
  static constexpr TableTraits traits{
      .name = "ledger_entries", .mode = WriteMode::insert_new, .indexes = kIndexes};
};

}  // namespace penstock
