#include "workers/domain/payments/confirmations.h"

#include <algorithm>

#include "common/core/check.h"
#include "common/core/org.h"
#include "workers/domain/event/metadata.h"
#include "workers/domain/payments/fulfil.h"
#include "workers/domain/payments/outcome.h"
#include "workers/domain/payments/payment.h"

namespace penstock {
namespace {

bool is_session(std::string_view payment) noexcept { return payment.starts_with("cs_"); }

// How near a payment is to being fulfilled.
enum class Standing { unknown, not_paid, session_unknown, paid };

std::vector<std::string> sessions_to_fulfil(const Draft& rows, const std::string& payment) {
  if (!is_session(payment)) return sessions_of(rows, payment);
  return rows.find<CheckoutSession>(payment) != nullptr ? std::vector{payment} : std::vector<std::string>{};
}

// What an intent is for is its session's to say; one that says nothing of its own calls for nothing.
bool calls_for_a_session(const PaymentIntent& intent) {
  return find_text(intent.metadata, "app_slug") || find_text(intent.metadata, "type") == "wallet_deposit";
}

Standing standing_without_session(const Draft& rows, const std::string& payment) {
  const auto* intent = is_session(payment) ? nullptr : rows.find<PaymentIntent>(payment);
  if (intent == nullptr) return Standing::unknown;
  if (intent->status != PaymentStatus::paid) return Standing::not_paid;
  return calls_for_a_session(*intent) ? Standing::session_unknown : Standing::paid;
}

Standing standing_of(const Draft& rows, const std::string& payment) {
  const auto sessions = sessions_to_fulfil(rows, payment);
  if (sessions.empty()) return standing_without_session(rows, payment);
  const bool any_paid = std::any_of(sessions.begin(), sessions.end(), [&](const std::string& session) {
    return is_paid(*rows_of_session(rows, session));
  });
  return any_paid ? Standing::paid : Standing::not_paid;
}

Scope scope_of_mode(bool livemode, const std::optional<std::string>& org) { return {livemode, {}, org}; }

// Who confirms does not say of which mode: the payment of that id that is paid, the live one before the test one; else the
// one that is nearest to it.
Scope scope_of_payment(const View& view, const std::optional<std::string>& org, const std::string& payment) {
  const Scope live = scope_of_mode(true, org), test = scope_of_mode(false, org);
  return standing_of({view, live}, payment) < standing_of({view, test}, payment) ? test : live;
}

void name_payment(const View& view, const std::optional<std::string>& org, const std::string& payment,
                  Reads& reads) {
  for (const bool livemode : {true, false}) {
    LinkedReads linked(view, scope_of_mode(livemode, org), reads);
    if (is_session(payment))
      linked.want_session(payment);
    else
      linked.want_intent(payment);
    if (!linked.complete()) continue;
    const Draft rows(view, linked.scope());
    name_fulfilments(rows, sessions_to_fulfil(rows, payment), linked);
  }
}

bool fulfil_all(Draft& draft, const std::string& payment, const EventKey& event) {
  bool all_routed = true;
  for (const auto& session : sessions_to_fulfil(draft, payment))
    all_routed = fulfil(draft, session, event) != Fulfilment::unknown_app && all_routed;
  return all_routed;
}

Error why_given_up(Standing standing, const std::string& payment, std::int64_t lookups) {
  const std::string after = " after " + std::to_string(lookups) + " look-ups";
  switch (standing) {
    case Standing::unknown:
      return {ErrorCode::invalid, "payment_unknown: no event has told of " + payment + after};
    case Standing::not_paid:
      return {ErrorCode::invalid, "payment_not_paid: " + payment + " is not paid" + after};
    case Standing::session_unknown:
    case Standing::paid:
      return {ErrorCode::invalid,
              "session_unknown: " + payment + " is paid, and no session of it is known" + after};
  }
  CHECK(false);
}

void set_next(AwaitedPayment& row) {
  row.next_at.reset();
  for (const auto& each : row.awaiting)
    row.next_at = std::min(row.next_at.value_or(each.next_at), each.next_at);
}

AwaitedPayment known_or_new(const View& view, const ConfirmationFacts& facts) {
  const std::string id = awaited_payment_id(facts.meta.org, facts.payment);
  if (const auto* known = view.find<AwaitedPayment>(id)) return *known;
  AwaitedPayment row;
  row.id = id;
  row.org = facts.meta.org;
  row.payment = facts.payment;
  return row;
}

Result<Effects> wait_for_payment(const View& view, const ConfirmationFacts& facts, Standing standing,
                                 const Policy& policy) {
  const auto& delays = policy.payment_lookup_delays;
  if (delays.empty()) return why_given_up(standing, facts.payment, 1);
  AwaitedPayment row = known_or_new(view, facts);
  if (row.awaiting.size() >= kConfirmationsAwaitingMax)
    return Error{ErrorCode::invalid, "too_many_waiting: confirmations of " + facts.payment};
  row.awaiting.push_back({facts.meta.key, 1, facts.meta.created + delays.front()});
  set_next(row);
  Effects effects;
  effects.outcome = Outcome::applied;
  effects.reason = std::string(kPaymentAwaited);
  effects.put(std::move(row));
  return effects;
}

// Those whose time has come, one look-up later; given up are those that had their last.
std::vector<GivenUp> count_lookups(AwaitedPayment& row, Standing standing, Timestamp now,
                                   const std::vector<Milliseconds>& delays) {
  std::vector<GivenUp> given_up;
  std::vector<AwaitingConfirmation> staying;
  for (auto& each : row.awaiting) {
    if (each.next_at <= now) {
      const auto done = static_cast<std::size_t>(++each.lookups);
      if (done > delays.size()) {
        given_up.push_back({each.event, each.lookups, why_given_up(standing, row.payment, each.lookups)});
        continue;
      }
      each.next_at = now + delays[done - 1];
    }
    staying.push_back(std::move(each));
  }
  row.awaiting = std::move(staying);
  set_next(row);
  return given_up;
}

}  // namespace

std::string awaited_payment_id(const std::optional<std::string>& org, std::string_view payment) {
  return std::string(name_of_org(org)).append(":").append(payment);
}

void name_reads(const View& view, const ConfirmationFacts& facts, Reads& reads) {
  reads.want<AwaitedPayment>(awaited_payment_id(facts.meta.org, facts.payment));
  name_payment(view, facts.meta.org, facts.payment, reads);
}

Result<Effects> decide(const View& view, const ConfirmationFacts& facts, const Policy& policy) {
  Draft draft(view, scope_of_payment(view, facts.meta.org, facts.payment));
  const Standing standing = standing_of(draft, facts.payment);
  if (standing != Standing::paid) return wait_for_payment(view, facts, standing, policy);
  const bool all_routed = fulfil_all(draft, facts.payment, facts.meta.key);
  Effects effects = conclude(std::move(draft), false);
  if (!all_routed) effects.outcome = Outcome::unroutable;
  return effects;
}

void name_lookup_reads(const View& view, const std::string& awaited, Reads& reads) {
  reads.want<AwaitedPayment>(awaited);
  if (!view.loaded<AwaitedPayment>(awaited)) return;
  if (const auto* row = view.find<AwaitedPayment>(awaited)) name_payment(view, row->org, row->payment, reads);
}

LookUp decide_lookup(const View& view, const std::string& awaited, Timestamp now, const Policy& policy) {
  const auto* known = view.find<AwaitedPayment>(awaited);
  if (known == nullptr || known->awaiting.empty()) return {};
  Draft draft(view, scope_of_payment(view, known->org, known->payment));
  const Standing standing = standing_of(draft, known->payment);
  AwaitedPayment row = *known;
  std::vector<GivenUp> given_up;
  if (standing == Standing::paid) {
    fulfil_all(draft, row.payment, row.awaiting.front().event);
    row.awaiting.clear();
    set_next(row);
  } else {
    given_up = count_lookups(row, standing, now, policy.payment_lookup_delays);
  }
  draft.put(std::move(row));
  return {std::move(draft).take(), std::move(given_up)};
}

}  // namespace penstock
