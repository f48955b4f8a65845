#include "tests/unit/domain/properties/random_events.h"

#include <algorithm>

#include "tests/unit/domain/payments/payment_events.h"

namespace penstock::testing {
namespace {

std::int64_t moment(Random& random) { return 1000 + static_cast<std::int64_t>(below(random, 4)); }

// A session's intent stays the same in all its events. What else it names may differ from one event to the
// next, and what it is for: its metadata can be changed.
Texts any_purpose(Random& random) {
  static const std::vector<Texts> purposes = {
      {{"type", "wallet_deposit"}},
      {{"type", "wallet_deposit"}},
      {{"type", "wallet_deposit"}, {"app_slug", "courses"}, {"course_id", "c0"}},
      {{"app_slug", "courses"}, {"course_id", "c1"}},
      {{"app_slug", "courses"}, {"course_id", "c2"}},
      {{"app_slug", "bundles"}, {"bundle_id", "b1"}, {"course_ids", "c2,c1"}},
      {{"app_slug", "courses"}},
      {{"app_slug", "nobody"}},
      {}};
  return one_of(random, purposes);
}

EventSpec any_session_event(Random& random) {
  struct Kind {
    const char* type;
    const char* status;
    const char* payment_status;
  };
  static const std::vector<Kind> kinds = {{"completed", "complete", "paid"},
                                          {"completed", "complete", "unpaid"},
                                          {"async_payment_succeeded", "complete", "paid"},
                                          {"async_payment_failed", "complete", "unpaid"},
                                          {"expired", "expired", "unpaid"}};
  const Kind kind = one_of(random, kinds);
  const std::size_t number = below(random, 4);
  SessionObject session{.id = "cs_" + std::to_string(number),
                        .status = kind.status,
                        .payment_status = kind.payment_status,
                        .payment_intent = {},
                        .amount = one_in(random, 6) ? 700 : 500,
                        .currency = one_in(random, 8) ? "eur" : "usd",
                        .metadata = any_purpose(random)};
  if (!one_in(random, 4)) session.payment_intent = "pi_" + std::to_string(number % 3);
  if (!one_in(random, 4)) session.customer = "cus_" + std::to_string(1 + below(random, 2));
  if (one_in(random, 2)) session.user = one_of<std::string>(random, {"u1", "u2", "u3"});
  return session_event(kind.type, session, moment(random));
}

EventSpec any_intent_event(Random& random) {
  static const std::vector<std::pair<const char*, const char*>> kinds = {
      {"succeeded", "succeeded"},
      {"payment_failed", "requires_payment_method"},
      {"processing", "processing"},
      {"canceled", "canceled"},
      {"created", "requires_payment_method"}};
  const auto [type, status] = one_of(random, kinds);
  const auto number = std::to_string(below(random, 4));
  IntentObject intent{.id = "pi_" + number, .status = status, .amount = 500, .latest_charge = {}};
  if (one_in(random, 2)) intent.latest_charge = one_in(random, 6) ? "ch_0" : "ch_" + number;
  if (one_in(random, 3)) intent.customer = one_of<std::string>(random, {"cus_1", "cus_2"});
  return intent_event(type, intent, moment(random));
}

EventSpec any_refund_event(Random& random) {
  const auto number = std::to_string(below(random, 4));
  ChargeObject charge{.id = "ch_" + number,
                      .payment_intent = {},
                      .amount = 500,
                      .amount_refunded = 100 * static_cast<std::int64_t>(1 + below(random, 6))};
  if (!one_in(random, 3)) charge.payment_intent = one_in(random, 6) ? "pi_0" : "pi_" + number;
  if (one_in(random, 6)) charge.currency = "eur";
  return refund_event(charge, moment(random));
}

EventSpec any_dispute_event(Random& random) {
  const auto number = std::to_string(below(random, 3));
  DisputeObject dispute{
      .id = "dp_" + std::to_string(below(random, 3)),
      .charge = "ch_" + number,
      .payment_intent = {},
      .status = one_of<std::string>(random, {"needs_response", "under_review", "won", "lost"}),
      .created = 900 + static_cast<std::int64_t>(below(random, 2))};
  if (one_in(random, 2)) dispute.payment_intent = "pi_" + number;
  return dispute_event(one_of<const char*>(random, {"created", "updated", "closed"}), dispute,
                       moment(random));
}

EventSpec any_subscription_event(Random& random) {
  const auto number = std::to_string(below(random, 2));
  const auto status = one_of<std::string>(random, {"active", "past_due", "trialing", "canceled"});
  std::string object = R"({"object":"subscription","id":"sub_)" + number + R"(","status":")" + status + "\"";
  if (one_in(random, 2)) object += R"(,"customer":"cus_)" + std::to_string(1 + below(random, 2)) + "\"";
  if (one_in(random, 2)) object += R"(,"metadata":{"user_id":"u1"})";
  return {
      .type = one_of<std::string>(random, {"customer.subscription.created", "customer.subscription.updated",
                                           "customer.subscription.deleted"}),
      .object = object + "}",
      .created = moment(random)};
}

EventSpec any_invoice_event(Random& random) {
  return {.type = one_of<std::string>(random, {"invoice.paid", "invoice.payment_failed"}),
          .object = R"({"object":"invoice","id":"in_1","subscription":"sub_)" +
                    std::to_string(below(random, 2)) + "\"}",
          .created = moment(random)};
}

EventSpec any_account_event(Random& random) {
  const auto id = "acct_" + std::to_string(1 + below(random, 2));
  const std::string enabled = one_in(random, 2) ? "true" : "false";
  return {.type = "account.updated",
          .object = R"({"object":"account","id":")" + id + R"(","charges_enabled":)" + enabled +
                    R"(,"payouts_enabled":true,"metadata":{"user_id":"u1"}})",
          .created = moment(random)};
}

EventSpec any_payout_event(Random& random) {
  const auto status = one_of<std::string>(random, {"pending", "in_transit", "paid", "failed", "canceled"});
  std::string object = R"({"object":"payout","id":"po_)" + std::to_string(below(random, 3)) +
                       R"(","amount":)" + one_of<std::string>(random, {"500", "500", "700"}) +
                       R"(,"currency":")" + one_of<std::string>(random, {"usd", "usd", "eur"}) +
                       R"(","status":")" + status + "\"";
  if (!one_in(random, 3))
    object += R"(,"metadata":{"session_payment_id":"sp_)" + std::to_string(below(random, 2)) + "\"}";
  return {.type = one_of<std::string>(random,
                                      {"payout.created", "payout.updated", "payout.paid", "payout.failed"}),
          .object = object + "}",
          .created = moment(random)};
}

using Make = EventSpec (*)(Random&);

Events any_events(Random& random, std::size_t count, const std::vector<Make>& makes) {
  Events events;
  while (events.size() < count) {
    EventSpec spec = one_of(random, makes)(random);
    if (one_in(random, 3)) spec = in_test_mode(std::move(spec));
    if (one_in(random, 3)) spec.account = one_of<std::string>(random, {"acct_1", "acct_2"});
    spec.id = "evt_" + std::to_string(random());
    events.push_back(build_event(spec));
  }
  return events;
}

}  // namespace

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}
bool one_in(Random& random, std::size_t n) { return below(random, n) == 0; }

Events any_payment_events(Random& random, std::size_t count) {
  return any_events(random, count,
                    {any_session_event, any_session_event, any_session_event, any_intent_event,
                     any_refund_event, any_dispute_event});
}

Events any_other_events(Random& random, std::size_t count) {
  return any_events(
      random, count,
      {any_subscription_event, any_invoice_event, any_account_event, any_payout_event, any_payout_event});
}

// Each at least once, in any order, some again.
Events redelivered(Events events, Random& random) {
  const std::size_t distinct = events.size();
  for (std::size_t i = 0; i < distinct; ++i)
    if (one_in(random, 3)) events.push_back(events[below(random, distinct)]);
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

void run_in_any_batches(World& world, const Events& events, Random& random) {
  for (std::size_t at = 0; at < events.size();) {
    const std::size_t count = std::min(events.size() - at, 1 + below(random, 4));
    world.run_batch({events.begin() + static_cast<std::ptrdiff_t>(at),
                     events.begin() + static_cast<std::ptrdiff_t>(at + count)});
    at += count;
  }
}

std::string describe(const Events& events) {
  std::string text;
  for (const auto& event : events)
    text += event.meta.id + " " + event.meta.type + " " +
            std::to_string(to_unix_ms(event.meta.created) / 1000) + " " + json::canonical(event.object()) +
            "\n";
  return text;
}

std::string differences(const std::map<std::string, std::string>& a,
                        const std::map<std::string, std::string>& b) {
  std::string text;
  for (const auto& [key, value] : a)
    if (const auto other = b.find(key); other == b.end() || other->second != value)
      text += value + "\n instead of " + (other == b.end() ? "none of " + key : other->second) + "\n";
  for (const auto& [key, value] : b)
    if (!a.contains(key)) text += "none instead of " + key + "\n";
  return text;
}

}  // namespace penstock::testing
