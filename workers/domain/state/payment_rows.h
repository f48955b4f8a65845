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

#include "workers/domain/event/event.h"
#include "workers/domain/state/table.h"
#include "workers/domain/state/words.h"

namespace penstock {

// In rising order: a payment's status is the highest that any event has shown; refunds come on top.
PENSTOCK_WORDS(PaymentStatus, pending, processing, failed, canceled, expired, paid, partially_refunded,
               refunded)

// What one event's metadata names to an app.
struct Grant {
  std::string kind;
  std::string id;
  auto operator<=>(const Grant&) const = default;
};
struct NamedGrants {
  std::string app_slug;
  std::vector<Grant> grants;  // in the order of the metadata, each once
  auto operator<=>(const NamedGrants&) const = default;
};

struct CheckoutSession {
  std::string key;
  std::string id;
  PaymentStatus status = PaymentStatus::pending;  // the highest that a session event has shown
  std::optional<std::string> payment_intent;
  std::optional<std::string> mode;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> customer;
  std::optional<std::string> user_id;  // named by the session itself, not through the customer
  std::optional<std::string> app_slug;
  std::map<std::string, std::string> metadata;
  std::optional<std::string> account;
  bool livemode = false;
  EventVersion version;  // of the event these fields were taken from: the greatest

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

struct PaymentIntent {
  std::string key;
  std::string id;
  PaymentStatus status = PaymentStatus::pending;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> customer;
  std::optional<std::string> user_id;
  std::map<std::string, std::string> metadata;
  std::optional<std::string> account;
  bool livemode = false;
  std::optional<std::string> latest_charge;
  std::optional<EventVersion> version;  // none while only other objects have named this intent
  std::vector<std::string> sessions;    // that name this intent, sorted
  std::vector<std::string> charges;     // of this intent, sorted
  bool operator==(const PaymentIntent&) const = default;
};

struct Charge {
  std::string key;
  std::string id;
  std::optional<std::string> payment_intent;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  std::optional<std::string> customer;
  std::optional<std::string> account;
  bool livemode = false;
  MinorUnits amount_refunded;           // the largest seen
  std::optional<EventVersion> version;  // of the newest charge event; none while only others have named it
  // The newest dispute by (its creation, its id), as its newest event tells it.
  std::optional<std::string> dispute;
  std::optional<Timestamp> dispute_created;
  std::optional<std::string> dispute_status;
  std::optional<EventVersion> dispute_version;
  bool operator==(const Charge&) const = default;
};

// Links a Stripe customer to a user. The earliest link (by event version) holds, of trusted ones if there are
// any, so that a later session never moves money that was credited through the customer.
struct Customer {
  std::string key;
  std::string id;
  std::optional<std::string> account;
  bool livemode = false;
  bool trusted = false;  // whether the link counts for wallets and profiles: so if the event that made it did
  std::optional<std::string> user_id;
  std::optional<EventVersion> linked_by;
  std::vector<std::string> deposits;  // sessions that deposit to whoever the customer is, sorted
  bool operator==(const Customer&) const = default;
};

// What a paid session has been given through one app: all that its events named to it, each once.
struct Fulfillment {
  std::string key;
  std::string id;  // fulfillment_id()
  std::optional<std::string> account;
  bool livemode = false;
  std::string payment;
  std::string app_slug;
  std::string action;
  std::optional<std::string> user_id;  // when the session names it; else the customer's
  std::optional<std::string> customer;
  std::vector<Grant> grants;
  EventKey event;  // that gave the first of them
  bool operator==(const Fulfillment&) const = default;
};
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

// "live:usd:<user>" or "test:usd:<user>": wallets are the platform's.
std::string wallet_id(bool livemode, std::string_view currency, std::string_view user_id);

PENSTOCK_WORDS(LedgerKind, deposit, refund, transfer)

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

template <>
struct Fields<EventVersion> {
  static constexpr auto list =
      std::make_tuple(field("created", &EventVersion::created), field("rank", &EventVersion::rank),
                      field("event", &EventVersion::event));
};
template <>
struct Fields<Grant> {
  static constexpr auto list = std::make_tuple(field("kind", &Grant::kind), field("id", &Grant::id));
};
template <>
struct Fields<NamedGrants> {
  static constexpr auto list =
      std::make_tuple(field("app_slug", &NamedGrants::app_slug), field("grants", &NamedGrants::grants));
};
template <>
struct Fields<CheckoutSession> {
  using T = CheckoutSession;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("status", &T::status),
      field("payment_intent", &T::payment_intent), field("mode", &T::mode), field("amount", &T::amount),
      field("currency", &T::currency), field("customer", &T::customer), field("user_id", &T::user_id),
      field("app_slug", &T::app_slug), field("metadata", &T::metadata), field("account", &T::account),
      field("livemode", &T::livemode), field("version", &T::version), field("trusted", &T::trusted),
      field("named", &T::named), field("granted", &T::granted), field("credited_to", &T::credited_to),
      field("credited", &T::credited), field("reversed", &T::reversed), field("deposited", &T::deposited),
      field("fulfilled_by", &T::fulfilled_by));
};
template <>
struct Fields<PaymentIntent> {
  using T = PaymentIntent;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("status", &T::status), field("amount", &T::amount),
      field("currency", &T::currency), field("customer", &T::customer), field("user_id", &T::user_id),
      field("metadata", &T::metadata), field("account", &T::account), field("livemode", &T::livemode),
      field("latest_charge", &T::latest_charge), field("version", &T::version),
      field("sessions", &T::sessions), field("charges", &T::charges));
};
template <>
struct Fields<Charge> {
  using T = Charge;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("payment_intent", &T::payment_intent),
      field("amount", &T::amount), field("currency", &T::currency), field("customer", &T::customer),
      field("account", &T::account), field("livemode", &T::livemode),
      field("amount_refunded", &T::amount_refunded), field("version", &T::version),
      field("dispute", &T::dispute), field("dispute_created", &T::dispute_created),
      field("dispute_status", &T::dispute_status), field("dispute_version", &T::dispute_version));
};
template <>
struct Fields<Customer> {
  using T = Customer;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("account", &T::account),
      field("livemode", &T::livemode), field("trusted", &T::trusted), field("user_id", &T::user_id),
      field("linked_by", &T::linked_by), field("deposits", &T::deposits));
};
template <>
struct Fields<Fulfillment> {
  using T = Fulfillment;
  static constexpr auto list = std::make_tuple(
      field("key", &T::key), field("id", &T::id), field("account", &T::account),
      field("livemode", &T::livemode), field("payment", &T::payment), field("app_slug", &T::app_slug),
      field("action", &T::action), field("user_id", &T::user_id), field("customer", &T::customer),
      field("grants", &T::grants), field("event", &T::event));
};
template <>
struct Fields<Wallet> {
  using T = Wallet;
  static constexpr auto list = std::make_tuple(
      field("id", &T::id), field("user_id", &T::user_id), field("currency", &T::currency),
      field("livemode", &T::livemode), field("balance", &T::balance), field("deposits", &T::deposits));
};
template <>
struct Fields<LedgerEntry> {
  using T = LedgerEntry;
  static constexpr auto list = std::make_tuple(field("id", &T::id), field("effect_key", &T::effect_key),
                                               field("kind", &T::kind), field("account", &T::account),
                                               field("amount", &T::amount), field("currency", &T::currency),
                                               field("livemode", &T::livemode), field("user_id", &T::user_id),
                                               field("payment", &T::payment), field("event", &T::event));
};

// What almost every session and intent comes to be.
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
      .name = "checkout_sessions", .resource = "payments", .scoped = true, .indexes = kIndexes};
};
template <>
struct TableName<PaymentIntent> {
  static constexpr ListIndex kIndexes[] = {
      {},
      {.column = "user_id"},
      {.column = "customer"},
      {.column = "status", .only = kToldOrAlone, .common = kCommonStatuses}};
  static constexpr TableTraits traits{
      .name = "payment_intents", .resource = "payments", .scoped = true, .indexes = kIndexes};
};
template <>
struct TableName<Charge> {
  static constexpr ListIndex kIndexes[] = {
      {.only = kWithoutIntent}, {.column = "customer"}, {.only = kRefundedInPart}, {.only = kRefundedInFull}};
  static constexpr TableTraits traits{.name = "charges", .scoped = true, .indexes = kIndexes};
};
template <>
struct TableName<Customer> {
  static constexpr TableTraits traits{.name = "customers", .scoped = true};
};
template <>
struct TableName<Fulfillment> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "payment"}};
  static constexpr TableTraits traits{
      .name = "fulfillments", .resource = "fulfillments", .scoped = true, .indexes = kIndexes};
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
