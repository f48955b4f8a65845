#include "workers/sources/api/readers.h"
#include "workers/sources/reader.h"

namespace penstock::api {

Result<ReportFacts> read_report(const Event& event) {
  Reader in(event.body.root(), "report");
  ReportFacts facts;
  facts.meta = event.meta;
  facts.id = event.id;
  facts.said.reportable_id = in.id("reportable_id");
  facts.said.reportable_type = in.id("reportable_type");
  facts.said.reason = in.id("reason");
  facts.said.description = in.optional_text("description");
  facts.said.reporter = event.principal;
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::api
