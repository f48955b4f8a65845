#include "workers/sources/stripe/readers.h"

#include "workers/sources/reader.h"

namespace penstock::stripe {
namespace {

std::int64_t dispute_rank(std::string_view type) noexcept {
  if (type == "charge.dispute.created") return 0;
  return type == "charge.dispute.closed" ? 2 : 1;
}

}  // namespace

Result<RefundFacts> read_refund(const Event& event) {
  Reader in(event.object());
  auto shown = make_row<Charge>(event.meta.scope(), in.id("id"));
  shown.payment_intent = in.optional_reference("payment_intent");
  shown.amount = in.optional_amount("amount");
  shown.currency = in.optional_currency("currency");
  shown.customer = in.optional_reference("customer");
  const auto refunded = in.optional_amount("amount_refunded");
  if (!shown.amount) in.refuse("amount", "is missing");
  if (!shown.currency) in.refuse("currency", "is missing");
  if (!refunded) in.refuse("amount_refunded", "is missing");
  shown.version = event.meta.version(0);
  if (const auto problem = in.problem()) return *problem;
  shown.amount_refunded = *refunded;
  return RefundFacts{event.meta, std::move(shown)};
}

Result<DisputeFacts> read_dispute(const Event& event) {
  Reader in(event.object());
  const auto charge = in.optional_reference("charge");
  if (!charge) in.refuse("charge", "is missing");
  auto shown = make_row<Charge>(event.meta.scope(), charge.value_or(""));
  shown.payment_intent = in.optional_reference("payment_intent");
  shown.dispute = in.id("id");
  shown.dispute_created = in.optional_seconds("created");
  shown.dispute_status = in.text("status");
  shown.dispute_version = event.meta.version(dispute_rank(event.meta.type));
  if (const auto problem = in.problem()) return *problem;
  return DisputeFacts{event.meta, std::move(shown)};
}

}  // namespace penstock::stripe
