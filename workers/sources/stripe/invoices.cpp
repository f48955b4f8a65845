#include "workers/sources/stripe/readers.h"

#include "workers/sources/reader.h"

namespace penstock::stripe {
namespace {

Result<std::optional<std::string>> read_parent(json::Value invoice) {
  const json::Value details = invoice["parent"]["subscription_details"];
  if (details.missing()) return std::optional<std::string>();
  Reader in(details, "data.object.parent.subscription_details");
  auto subscription = in.optional_reference("subscription");
  if (const auto problem = in.problem()) return *problem;
  return subscription;
}

}  // namespace

Result<InvoiceFacts> read_invoice(const Event& event) {
  TRY(auto parent, read_parent(event.object()));
  Reader in(event.object());
  InvoiceFacts facts;
  facts.meta = event.meta;
  facts.subscription = in.optional_reference("subscription");
  if (!facts.subscription) facts.subscription = std::move(parent);
  facts.outcome = event.meta.type == "invoice.paid" ? InvoiceOutcome::paid : InvoiceOutcome::failed;
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::stripe
