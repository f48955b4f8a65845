#include "workers/sources/stripe/readers.h"

#include "workers/domain/event/metadata.h"
#include "workers/domain/payments/join.h"
#include "workers/sources/reader.h"

namespace penstock::stripe {
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

}  // namespace

Result<IntentFacts> read_intent(const Event& event) {
  Reader in(event.object());
  IntentFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.rank = rank_of(event.meta.type);
  facts.status = status_of(event.meta.type, in.text("status"));
  facts.said.amount = in.optional_amount("amount");
  facts.said.currency = in.optional_currency("currency");
  facts.said.customer = in.optional_reference("customer");
  facts.said.metadata = in.metadata();
  facts.said.user_id = find_text(facts.said.metadata, "user_id");
  if (const auto problem = in.problem()) return *problem;
  TRY(const auto charges, read_charges(event.object()));
  if (!charges.empty()) facts.said.latest_charge = charges.front();
  facts.charges = set_of({charges.begin(), charges.end()});
  return facts;
}

}  // namespace penstock::stripe
