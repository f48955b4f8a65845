// Checkout sessions, payment intents, charges and disputes as tests spell them,
// and what is asked about payments.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/domain/world.h"
#include "workers/domain/payments/payment.h"

namespace penstock::testing {

using Texts = std::map<std::string, std::string>;

struct SessionObject {
  std::string id = "cs_1";
  std::string status = "complete";
  std::string payment_status = "paid";
  std::optional<std::string> payment_intent = "pi_1";
  std::optional<std::int64_t> amount = 5000;
  std::optional<std::string> currency = "usd";
  std::optional<std::string> customer = {};
  std::optional<std::string> user = {};  // client_reference_id
  Texts metadata = {};
  std::string mode = "payment";
};
struct IntentObject {
  std::string id = "pi_1";
  std::string status = "succeeded";
  std::int64_t amount = 5000;
  std::string currency = "usd";
  std::optional<std::string> customer = {};
  std::optional<std::string> latest_charge = "ch_1";
  Texts metadata = {};
};
struct ChargeObject {
  std::string id = "ch_1";
  std::optional<std::string> payment_intent = "pi_1";
  std::int64_t amount = 5000;
  std::int64_t amount_refunded = 0;
  std::string currency = "usd";
  std::optional<std::string> customer = {};
};
struct DisputeObject {
  std::string id = "dp_1";
  std::string charge = "ch_1";
  std::optional<std::string> payment_intent = "pi_1";
  std::string status = "needs_response";
  std::int64_t created = 900;
};

// `type` without its prefix: "completed", "succeeded", "created".
EventSpec session_event(std::string_view type, const SessionObject& session, std::int64_t created = 1000);
EventSpec intent_event(std::string_view type, const IntentObject& intent, std::int64_t created = 1000);
EventSpec refund_event(const ChargeObject& charge, std::int64_t created = 2000);
EventSpec dispute_event(std::string_view type, const DisputeObject& dispute, std::int64_t created = 3000);

// The same event as another Event object of Stripe's.
EventSpec again(EventSpec spec, std::string id);
EventSpec in_test_mode(EventSpec spec);

// The session as a deposit of its amount.
SessionObject deposit(SessionObject session);

std::optional<Payment> payment(const World& world, const std::string& id,
                               const Scope& scope = {.livemode = true});
// The balance of a wallet that is shown; nullopt when there is none.
std::optional<std::int64_t> balance(const World& world, const std::string& user,
                                    const std::string& currency = "usd", bool livemode = true);
std::vector<std::string> effect_keys(const World& world);  // sorted, each once
std::vector<std::string> told(const World& world);         // types of the outbox rows, sorted
std::vector<std::string> alerts(const World& world);       // "kind:subject", sorted

// Each order of the events, in a world of its own.
void in_every_order(std::vector<EventSpec> specs, const std::function<void(const World&)>& check);

}  // namespace penstock::testing
