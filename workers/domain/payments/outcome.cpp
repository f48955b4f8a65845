#include "workers/domain/payments/outcome.h"

#include <algorithm>
#include <tuple>
#include <type_traits>

#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/join.h"

namespace penstock {
namespace {

template <class R>
R without_versions(R row) {
  for_each_member<R>([&](auto each) {
    using Type = MemberType<R, decltype(each)>;
    if constexpr (std::is_same_v<Type, EventVersion> || std::is_same_v<Type, std::optional<EventVersion>>)
      row.*each.pointer = Type{};
  });
  return row;
}

template <class R>
bool shows_more(const View& before, const TypedRows<R>& changed) {
  return std::any_of(changed.rows.begin(), changed.rows.end(), [&](const R& row) {
    const R* known = before.find<R>(row_key(row));
    return known == nullptr || without_versions(row) != without_versions(*known);
  });
}

bool shows_more(const View& before, const Effects& effects) {
  return std::apply([&](const auto&... table) { return (shows_more(before, table) || ...); },
                    effects.changed);
}

bool adds_anything(const Effects& effects) {
  return std::apply([](const auto&... table) { return (!table.rows.empty() || ...); }, effects.added);
}

}  // namespace

std::vector<std::string> sessions_around(const Draft& draft, const std::vector<std::string>& intents) {
  const Draft before = draft.before();
  std::vector<std::optional<std::string>> sessions;
  for (const auto& intent : intents)
    for (const auto* rows : {&before, &draft})
      for (const auto& session : sessions_of(*rows, intent)) sessions.emplace_back(session);
  return set_of(sessions);
}

PaymentStatus status_before(const Draft& draft, const std::optional<std::string>& session,
                            const std::optional<std::string>& intent) {
  PaymentRows rows;
  const Draft before = draft.before();
  rows.session = before.find<CheckoutSession>(session);
  rows.intent = before.find<PaymentIntent>(intent);
  return shown_status(rows);
}

void enqueue_status(Draft& draft, PaymentStatus before, const PaymentRows& after, const EventMeta& meta) {
  const PaymentStatus now = shown_status(after);
  const bool is_announced = now == PaymentStatus::paid || now == PaymentStatus::failed;
  if (!is_announced || before >= now) return;
  const Payment payment = project(after);
  enqueue_outbound(draft.effects(), now == PaymentStatus::paid ? "payment.succeeded" : "payment.failed",
                   cause_of(draft.scope(), payment.payment_intent.value_or(payment.id)), meta.key,
                   json::to_text(payment));
}

Effects conclude(Draft draft, bool is_older) {
  const View& before = draft.view();
  Effects effects = std::move(draft).take();
  if (adds_anything(effects) || shows_more(before, effects))
    effects.outcome = Outcome::applied;
  else
    effects.outcome = is_older ? Outcome::stale : Outcome::duplicate;
  return effects;
}

}  // namespace penstock
