#include "workers/domain/payments/intents.h"

#include <algorithm>

#include "workers/domain/fulfilment/fulfil.h"
#include "workers/domain/ledger/deposits.h"
#include "workers/domain/payments/follow_up.h"
#include "workers/domain/payments/join.h"
#include "workers/domain/read.h"

namespace penstock {
namespace {

struct IntentType {
  std::string_view type;
  std::int64_t rank;  // of an intent's events within one second
};
constexpr IntentType kTypes[] = {{"payment_intent.created", 0},
                                 {"payment_intent.payment_failed", 2},
                                 {"payment_intent.canceled", 3},
                                 {"payment_intent.succeeded", 4}};

std::int64_t rank_of(std::string_view type) noexcept {
  for (const auto& known : kTypes)
    if (known.type == type) return known.rank;
  return 1;
}

PaymentStatus status_of(std::string_view type, std::string_view intent) noexcept {
  if (type == "payment_intent.payment_failed") return PaymentStatus::failed;
  if (intent == "succeeded") return PaymentStatus::paid;
  if (intent == "processing") return PaymentStatus::processing;
  return intent == "canceled" ? PaymentStatus::canceled : PaymentStatus::pending;
}

// Newest first, as Stripe lists them.
Result<std::vector<std::string>> read_charges(json::Value intent) {
  Reader in(intent);
  std::vector<std::string> charges;
  if (const auto latest = in.optional_reference("latest_charge")) charges.push_back(*latest);
  const json::Value list = intent["charges"]["data"];
  for (json::Value v = list.first(); !v.absent(); v = list.next(v)) {
    Reader charge(v, "data.object.charges.data[]");
    charges.push_back(charge.id("id"));
    if (const auto problem = charge.problem()) return *problem;
  }
  if (const auto problem = in.problem()) return *problem;
  return charges;
}

// The intents that hold the facts' charges now, and the one that is to.
std::vector<std::string> intents_around(const Draft& draft, const IntentFacts& facts) {
  std::vector<std::optional<std::string>> intents = {facts.shown.id};
  for (const auto& id : facts.shown.charges)
    if (const auto* charge = draft.find<Charge>(id)) intents.push_back(charge->payment_intent);
  return set_of(intents);
}

std::vector<std::string> join_rows(Draft& draft, const IntentFacts& facts) {
  const auto intents = intents_around(draft, facts);
  join_into(draft, facts.shown);
  for (const auto& id : facts.shown.charges) {
    auto named = make_row<Charge>(draft.scope(), id);
    named.payment_intent = facts.shown.id;
    join_into(draft, std::move(named));
  }
  return sessions_around(draft, intents);
}

// Fulfils the sessions of an intent that this event paid; false when one of them is for an unknown app.
bool fulfil_sessions(Draft& draft, const std::vector<std::string>& sessions, const IntentFacts& facts) {
  bool all_routed = true;
  for (const auto& session : sessions)
    if (status_before(draft, session, facts.shown.id) < PaymentStatus::paid)
      all_routed = fulfil(draft, session, facts.meta.key) != Fulfilment::unknown_app && all_routed;
  return all_routed;
}

void tell_payments(Draft& draft, const std::vector<std::string>& sessions, const IntentFacts& facts) {
  for (const auto& session : sessions)
    tell_status(draft, status_before(draft, session, facts.shown.id), *rows_of_session(draft, session),
                facts.meta);
  if (!sessions.empty()) return;
  tell_status(draft, status_before(draft, std::nullopt, facts.shown.id),
              *rows_of_intent(draft, facts.shown.id), facts.meta);
}

}  // namespace

Result<IntentFacts> read_intent(const Event& event) {
  Reader in(event.object());
  auto shown = make_row<PaymentIntent>(event.meta.scope(), in.id("id"));
  shown.status = status_of(event.meta.type, in.text("status"));
  shown.amount = in.optional_amount("amount");
  shown.currency = in.optional_currency("currency");
  shown.customer = in.optional_reference("customer");
  shown.metadata = in.metadata();
  shown.user_id = find_text(shown.metadata, "user_id");
  shown.version = event.meta.version(rank_of(event.meta.type));
  if (const auto problem = in.problem()) return *problem;
  TRY(const auto charges, read_charges(event.object()));
  if (!charges.empty()) shown.latest_charge = charges.front();
  shown.charges = set_of({charges.begin(), charges.end()});
  return IntentFacts{event.meta, std::move(shown)};
}

void name_reads(const View& view, const IntentFacts& facts, Reads& reads) {
  LinkedReads linked(view, facts.meta.scope(), reads);
  linked.follow_intent(facts.shown.id);
  linked.want<Customer>(facts.shown.customer);
  for (const auto& charge : facts.shown.charges) linked.follow_charge(charge);
  if (!linked.complete()) return;
  Draft draft(view, facts.meta.scope());
  name_wallets(draft, join_rows(draft, facts), linked);
  name_fulfilments(draft, sessions_of(draft, facts.shown.id), linked);
}

Result<Effects> decide(const View& view, const IntentFacts& facts, const Policy&) {
  Draft draft(view, facts.meta.scope());
  const auto* known = draft.find<PaymentIntent>(facts.shown.id);
  const bool is_older = known != nullptr && facts.shown.version < known->version;
  const auto affected = join_rows(draft, facts);
  TRY_STATUS(settle_deposits(draft, affected, facts.meta));
  const auto sessions = sessions_of(draft, facts.shown.id);
  const bool all_routed = fulfil_sessions(draft, sessions, facts);
  tell_payments(draft, sessions, facts);
  Effects effects = finish(std::move(draft), is_older);
  if (!all_routed) effects.outcome = Outcome::unroutable;
  return effects;
}

}  // namespace penstock
