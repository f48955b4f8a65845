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
  RefundFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.payment_intent = in.optional_reference("payment_intent");
  facts.said.amount = in.optional_amount("amount");
  facts.said.currency = in.optional_currency("currency");
  facts.said.customer = in.optional_reference("customer");
  const auto refunded = in.optional_amount("amount_refunded");
  if (!facts.said.amount) in.refuse("amount", "is missing");
  if (!facts.said.currency) in.refuse("currency", "is missing");
  if (!refunded) in.refuse("amount_refunded", "is missing");
  if (const auto problem = in.problem()) return *problem;
  facts.amount_refunded = *refunded;
  return facts;
}

Result<DisputeFacts> read_dispute(const Event& event) {
  Reader in(event.object());
  const auto charge = in.optional_reference("charge");
  if (!charge) in.refuse("charge", "is missing");
  DisputeFacts facts;
  facts.meta = event.meta;
  facts.id = charge.value_or("");
  facts.rank = dispute_rank(event.meta.type);
  facts.payment_intent = in.optional_reference("payment_intent");
  facts.said.dispute = in.id("id");
  facts.said.dispute_created = in.optional_seconds("created");
  facts.said.dispute_status = in.text("status");
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::stripe
