#include "workers/domain/payments/sessions.h"

#include "workers/domain/fulfilment/fulfil.h"
#include "workers/domain/ledger/deposits.h"
#include "workers/domain/outbound.h"
#include "workers/domain/payments/follow_up.h"
#include "workers/domain/payments/join.h"
#include "workers/domain/read.h"

namespace penstock {
namespace {

// As long as the values of Stripe's metadata are; a user's id is part of keys.
constexpr std::size_t kUserBytesMax = 500;

constexpr std::string_view kExpired = "checkout.session.expired";
constexpr std::string_view kAsyncFailed = "checkout.session.async_payment_failed";
constexpr std::string_view kAsyncSucceeded = "checkout.session.async_payment_succeeded";

// Of a session's events within one second: completed or expired, then how an asynchronous payment went.
std::int64_t rank_of(std::string_view type) noexcept {
  if (type == kAsyncSucceeded) return 2;
  return type == kAsyncFailed ? 1 : 0;
}

PaymentStatus status_of(std::string_view type, std::string_view session, std::string_view payment) noexcept {
  if (type == kExpired) return PaymentStatus::expired;
  if (type == kAsyncFailed) return PaymentStatus::failed;
  if (session != "complete") return session == "expired" ? PaymentStatus::expired : PaymentStatus::pending;
  return payment == "paid" || payment == "no_payment_required" ? PaymentStatus::paid
                                                               : PaymentStatus::processing;
}

Error refuse_deposit(std::string_view why, const SessionFacts& facts) {
  return {ErrorCode::invalid, Retry::never, std::string(why) + ": deposit " + facts.shown.id};
}

// A function of the event alone, so that it is parked in every order of arrival.
Status check_deposit(const SessionFacts& facts) {
  const CheckoutSession& shown = facts.shown;
  if (!is_deposit(shown) || shown.status != PaymentStatus::paid) return ok();
  if (!shown.user_id && !shown.customer) return refuse_deposit("unknown_user", facts);
  if (!shown.amount || !shown.currency) return refuse_deposit("unknown_amount", facts);
  return ok();
}

// What the session says about its customer.
std::optional<Customer> customer_shown(const SessionFacts& facts) {
  const CheckoutSession& shown = facts.shown;
  if (!shown.customer) return std::nullopt;
  auto customer = make_row<Customer>(facts.meta.scope(), *shown.customer);
  customer.trusted = shown.trusted;
  customer.user_id = shown.user_id;
  if (shown.user_id)
    customer.linked_by = shown.version;
  else if (is_deposit(shown))
    customer.deposits = {shown.id};
  else
    return std::nullopt;
  return customer;
}

// Deposits that change hands when the facts link their customer to another user than before.
std::vector<std::string> deposits_moved(const Customer* known, const SessionFacts& facts) {
  const auto shown = customer_shown(facts);
  if (known == nullptr || !shown || believed_user(join(*known, *shown)) == believed_user(*known)) return {};
  return known->deposits;
}

std::vector<std::string> join_rows(Draft& draft, const SessionFacts& facts) {
  const CheckoutSession& shown = facts.shown;
  const auto* known = draft.find<CheckoutSession>(shown.id);
  const auto intents =
      set_of({shown.payment_intent, known != nullptr ? known->payment_intent : std::nullopt});
  const auto moved = deposits_moved(draft.find<Customer>(shown.customer), facts);

  join_into(draft, shown);
  if (shown.payment_intent) {
    auto named = make_row<PaymentIntent>(draft.scope(), *shown.payment_intent);
    named.sessions = {shown.id};
    join_into(draft, std::move(named));
  }
  if (auto customer = customer_shown(facts)) join_into(draft, std::move(*customer));

  std::vector<std::optional<std::string>> affected(moved.begin(), moved.end());
  for (auto& session : sessions_around(draft, intents)) affected.emplace_back(std::move(session));
  affected.emplace_back(shown.id);
  return set_of(affected);
}

// Once for each time that it comes to claim it.
void alert_refused_deposit(Draft& draft, const SessionFacts& facts) {
  const auto* before = draft.view().find<CheckoutSession>(facts.shown.key);
  const auto& now = *draft.find<CheckoutSession>(facts.shown.id);
  if (now.trusted || !claims_deposit(now) || (before != nullptr && claims_deposit(*before))) return;
  raise(draft.effects(), draft.scope(),
        {"deposit_refused", now.id,
         "Session " + now.id + " of connected account " + *now.account + " claims to be a wallet deposit."},
        facts.meta.key);
}

SessionFacts distrusted(SessionFacts facts) {
  facts.shown.trusted = false;
  return facts;
}

void name_reads_as_believed(const View& view, const SessionFacts& facts, Reads& reads) {
  LinkedReads linked(view, facts.meta.scope(), reads);
  linked.follow_session(facts.shown.id);
  linked.follow_intent(facts.shown.payment_intent);
  const auto* customer = linked.want<Customer>(facts.shown.customer);
  for (const auto& deposit : deposits_moved(customer, facts)) linked.follow_session(deposit);
  if (!linked.complete()) return;
  Draft draft(view, facts.meta.scope());
  name_wallets(draft, join_rows(draft, facts), linked);
  name_fulfilments(draft, {facts.shown.id}, linked);
}

Result<Effects> decide_as_believed(const View& view, const SessionFacts& facts) {
  TRY_STATUS(check_deposit(facts));
  Draft draft(view, facts.meta.scope());
  const auto* known = draft.find<CheckoutSession>(facts.shown.id);
  const bool is_older = known != nullptr && facts.shown.version < known->version;
  const auto affected = join_rows(draft, facts);
  TRY_STATUS(settle_deposits(draft, affected, facts.meta));
  alert_refused_deposit(draft, facts);
  const bool is_routed = fulfil(draft, facts.shown.id, facts.meta.key) != Fulfilment::unknown_app;
  const PaymentRows payment = *rows_of_session(draft, facts.shown.id);
  tell_status(draft, status_before(draft, facts.shown.id, payment.session->payment_intent), payment,
              facts.meta);
  Effects effects = finish(std::move(draft), is_older);
  if (!is_routed) effects.outcome = Outcome::unroutable;
  return effects;
}

}  // namespace

Result<SessionFacts> read_session(const Event& event) {
  Reader in(event.object());
  auto shown = make_row<CheckoutSession>(event.meta.scope(), in.id("id"));
  const auto payment = in.text("payment_status");
  const auto session = in.optional_text("status").value_or("complete");
  shown.status = status_of(event.meta.type, session, payment);
  shown.payment_intent = in.optional_reference("payment_intent");
  shown.mode = in.optional_text("mode");
  shown.amount = in.optional_amount("amount_total");
  shown.currency = in.optional_currency("currency");
  shown.customer = in.optional_reference("customer");
  shown.metadata = in.metadata();
  shown.user_id = in.optional_text("client_reference_id");
  if (!shown.user_id || shown.user_id->empty()) shown.user_id = find_text(shown.metadata, "user_id");
  if (shown.user_id && shown.user_id->size() > kUserBytesMax)
    in.refuse("client_reference_id", "is longer than an id");
  shown.app_slug = find_text(shown.metadata, "app_slug");
  shown.named = named_by(shown);
  shown.trusted = true;  // until decide() says otherwise
  shown.version = event.meta.version(rank_of(event.meta.type));
  if (const auto problem = in.problem()) return *problem;
  return SessionFacts{event.meta, std::move(shown)};
}

// Only decide() knows whether a connected account is trusted, and other rows are needed when it is not.
void name_reads(const View& view, const SessionFacts& facts, Reads& reads) {
  name_reads_as_believed(view, facts, reads);
  if (facts.meta.account) name_reads_as_believed(view, distrusted(facts), reads);
}

Result<Effects> decide(const View& view, const SessionFacts& facts, const Policy& policy) {
  if (policy.trusts(facts.meta)) return decide_as_believed(view, facts);
  return decide_as_believed(view, distrusted(facts));
}

}  // namespace penstock
