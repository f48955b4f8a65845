#include "workers/sources/partners/readers.h"
#include "workers/sources/reader.h"

namespace penstock::partners {

Result<PlanFacts> read_plan(const Event& event) {
  Reader in(event.data(), "data");
  PlanFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.plan = in.id("plan");
  facts.user_id = in.optional_short_text("user_id");
  facts.ends = event.meta.type == "subscription.canceled";
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

Result<TrialFacts> read_trial(const Event& event) {
  Reader in(event.data(), "data");
  TrialFacts facts;
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.user_id = in.optional_short_text("user_id");
  facts.trial_end = in.optional_time("trial_end");
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::partners
