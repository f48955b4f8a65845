#include "workers/sources/partners/readers.h"
#include "workers/sources/reader.h"

namespace penstock::partners {

Result<InvoicePaymentFacts> read_invoice(const Event& event) {
  Reader in(event.data(), "data");
  InvoicePaymentFacts facts;
  const bool is_paid = event.meta.type == "invoice.paid";
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.rank = is_paid ? 1 : 0;
  facts.outcome = is_paid ? InvoiceOutcome::paid : InvoiceOutcome::failed;
  facts.said.amount = in.amount("amount");
  facts.said.currency = in.currency("currency");
  facts.said.user_id = in.optional_short_text("user_id");
  facts.said.subscription = in.optional_short_text("subscription_id");
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::partners
