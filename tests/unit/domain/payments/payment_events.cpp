#include "tests/unit/domain/payments/payment_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "common/json/codec.h"

namespace penstock::testing {
namespace {

template <class T>
void member(json::Writer& out, std::string_view name, const T& value) {
  out.key(name);
  json::encode(out, value);
}

EventSpec spec_of(std::string type, json::Writer object, std::int64_t created) {
  return {.type = std::move(type), .object = std::move(object.end_object()).text(), .created = created};
}

}  // namespace

EventSpec session_event(std::string_view type, const SessionObject& session, std::int64_t created) {
  json::Writer out;
  out.begin_object();
  member(out, "id", session.id);
  member(out, "object", std::string("checkout.session"));
  member(out, "status", session.status);
  member(out, "payment_status", session.payment_status);
  member(out, "payment_intent", session.payment_intent);
  member(out, "amount_total", session.amount);
  member(out, "currency", session.currency);
  member(out, "customer", session.customer);
  member(out, "client_reference_id", session.user);
  member(out, "metadata", session.metadata);
  member(out, "mode", session.mode);
  return spec_of("checkout.session." + std::string(type), std::move(out), created);
}

EventSpec intent_event(std::string_view type, const IntentObject& intent, std::int64_t created) {
  json::Writer out;
  out.begin_object();
  member(out, "id", intent.id);
  member(out, "object", std::string("payment_intent"));
  member(out, "status", intent.status);
  member(out, "amount", intent.amount);
  member(out, "currency", intent.currency);
  member(out, "customer", intent.customer);
  member(out, "latest_charge", intent.latest_charge);
  member(out, "metadata", intent.metadata);
  return spec_of("payment_intent." + std::string(type), std::move(out), created);
}

EventSpec refund_event(const ChargeObject& charge, std::int64_t created) {
  json::Writer out;
  out.begin_object();
  member(out, "id", charge.id);
  member(out, "object", std::string("charge"));
  member(out, "payment_intent", charge.payment_intent);
  member(out, "amount", charge.amount);
  member(out, "amount_refunded", charge.amount_refunded);
  member(out, "currency", charge.currency);
  member(out, "customer", charge.customer);
  return spec_of("charge.refunded", std::move(out), created);
}

EventSpec dispute_event(std::string_view type, const DisputeObject& dispute, std::int64_t created) {
  json::Writer out;
  out.begin_object();
  member(out, "id", dispute.id);
  member(out, "object", std::string("dispute"));
  member(out, "charge", dispute.charge);
  member(out, "payment_intent", dispute.payment_intent);
  member(out, "status", dispute.status);
  member(out, "created", dispute.created);
  return spec_of("charge.dispute." + std::string(type), std::move(out), created);
}

EventSpec again(EventSpec spec, std::string id) {
  spec.id = std::move(id);
  return spec;
}

EventSpec in_test_mode(EventSpec spec) {
  spec.livemode = false;
  return spec;
}

SessionObject deposit(SessionObject session) {
  session.metadata["type"] = "wallet_deposit";
  return session;
}

std::optional<Payment> payment(const World& world, const std::string& id, const Scope& scope) {
  const View view =
      world.view_of([&](const View& known, Reads& reads) { name_payment_reads(known, scope, id, reads); });
  const auto rows = payment_rows_of(Draft(view, scope), id);
  return rows ? std::optional(project(*rows)) : std::nullopt;
}

std::optional<std::int64_t> balance(const World& world, const std::string& user, const std::string& currency,
                                    bool livemode) {
  const auto wallet = world.find<Wallet>(wallet_id(livemode, currency, user));
  return wallet && wallet->deposits != 0 ? std::optional(wallet->balance.value) : std::nullopt;
}

std::vector<std::string> effect_keys(const World& world) {
  std::set<std::string> keys;
  for (const auto& entry : world.all<LedgerEntry>()) keys.insert(entry.effect_key);
  return {keys.begin(), keys.end()};
}

std::vector<std::string> told(const World& world) {
  std::vector<std::string> types;
  for (const auto& row : world.all<OutboxRow>()) types.push_back(row.type);
  std::sort(types.begin(), types.end());
  return types;
}

std::vector<std::string> alerts(const World& world) {
  std::vector<std::string> names;
  for (const auto& alert : world.all<Alert>()) names.push_back(alert.kind + ":" + alert.subject);
  return names;
}

void in_every_order(std::vector<EventSpec> specs, const std::function<void(const World&)>& check) {
  std::vector<std::size_t> order(specs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  do {
    World world;
    std::string trace;
    for (const auto at : order) {
      world.run(specs[at]);
      trace.append(std::to_string(at)).append(" ");
    }
    SCOPED_TRACE("in the order " + trace);
    world.expect_balanced();
    check(world);
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace penstock::testing
