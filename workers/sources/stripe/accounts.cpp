#include "workers/sources/stripe/readers.h"

#include "workers/domain/event/metadata.h"
#include "workers/sources/reader.h"

namespace penstock::stripe {
namespace {

Result<Requirements> read_requirements(json::Value account) {
  const json::Value object = account["requirements"];
  if (object.missing()) return Requirements{};
  Reader in(object, "data.object.requirements");
  Requirements requirements;
  requirements.currently_due = in.texts("currently_due");
  requirements.eventually_due = in.texts("eventually_due");
  requirements.past_due = in.texts("past_due");
  requirements.disabled_reason = in.optional_text("disabled_reason");
  if (const auto problem = in.problem()) return *problem;
  return requirements;
}

}  // namespace

Result<AccountFacts> read_account(const Event& event) {
  TRY(auto requirements, read_requirements(event.object()));
  Reader in(event.object());
  AccountFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.rank = 1;  // accounts have one type of event
  facts.said.user_id = find_text(in.metadata(), "user_id");
  facts.said.charges_enabled = in.optional_boolean("charges_enabled").value_or(false);
  facts.said.payouts_enabled = in.optional_boolean("payouts_enabled").value_or(false);
  facts.said.details_submitted = in.optional_boolean("details_submitted").value_or(false);
  facts.said.requirements = std::move(requirements);
  if (const auto problem = in.problem()) return *problem;
  facts.state = AttributeDigest(event.object());
  facts.previous = AttributeDigest(event.previous_attributes());
  return facts;
}

}  // namespace penstock::stripe
