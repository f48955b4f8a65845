#include "workers/sources/stripe/readers.h"

#include <algorithm>
#include <array>

#include "workers/domain/event/metadata.h"
#include "workers/sources/reader.h"

namespace penstock::stripe {
namespace {

struct PayoutEventType {
  std::string_view type;
  std::int64_t rank;
  PayoutStatus status;  // what the type alone says
};

constexpr std::array<PayoutEventType, 4> kEventTypes = {{
    {"payout.created", 0, PayoutStatus::pending},
    {"payout.paid", 2, PayoutStatus::paid},
    {"payout.canceled", 2, PayoutStatus::canceled},
    {"payout.failed", 2, PayoutStatus::failed},
}};

PayoutEventType event_type(std::string_view type) noexcept {
  for (const auto& known : kEventTypes)
    if (known.type == type) return known;
  return {type, 1, PayoutStatus::pending};
}

std::optional<MinorUnits> read_amount(Reader& in) {
  const auto amount = in.optional_integer("amount");
  return amount ? std::optional(MinorUnits{*amount}) : std::nullopt;
}

}  // namespace

Result<PayoutFacts> read_payout(const Event& event) {
  Reader in(event.object());
  const auto type = event_type(event.meta.type);
  PayoutStatus status{};
  PayoutFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  if (!from_string(in.text("status"), status)) in.refuse("status", "is no payout status");
  facts.said.status = std::max(type.status, status);
  facts.rank = type.rank;
  facts.said.amount = read_amount(in);
  facts.said.currency = in.optional_currency("currency");
  facts.said.arrival_date = in.optional_seconds("arrival_date");
  facts.said.destination = in.optional_reference("destination");
  facts.said.failure_code = in.optional_text("failure_code");
  facts.said.failure_message = in.optional_text("failure_message");
  facts.session_payment = find_text(in.metadata(), "session_payment_id");
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::stripe
