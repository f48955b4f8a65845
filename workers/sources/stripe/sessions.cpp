#include "workers/sources/stripe/readers.h"

#include "workers/domain/event/metadata.h"
#include "workers/sources/reader.h"

namespace penstock::stripe {
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

}  // namespace

Result<SessionFacts> read_session(const Event& event) {
  Reader in(event.object());
  SessionFacts facts;
  SessionAttributes& said = facts.said;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.rank = rank_of(event.meta.type);
  const auto payment = in.text("payment_status");
  const auto session = in.optional_text("status").value_or("complete");
  facts.status = status_of(event.meta.type, session, payment);
  facts.payment_intent = in.optional_reference("payment_intent");
  said.mode = in.optional_text("mode");
  said.amount = in.optional_amount("amount_total");
  said.currency = in.optional_currency("currency");
  said.customer = in.optional_reference("customer");
  said.metadata = in.metadata();
  said.user_id = in.optional_text("client_reference_id");
  if (!said.user_id || said.user_id->empty()) said.user_id = find_text(said.metadata, "user_id");
  if (said.user_id && said.user_id->size() > kUserBytesMax)
    in.refuse("client_reference_id", "is longer than an id");
  said.app_slug = find_text(said.metadata, "app_slug");
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::stripe
