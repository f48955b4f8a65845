#include "workers/domain/connectors/runs.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"

namespace penstock::admin {

Result<http::Response> list_runs(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  query.filters = {{"org", request.org}};
  query.present = {"event"};  // one that was resumed before it is started is none yet
  if (const auto status = in.word<RunStatus>("status"))
    query.filters.push_back({"status", std::string(to_string(*status))});
  in.filter("workflow", query);
  in.page("runs", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<WorkflowRun>(context.store, "runs", query));
  return page_response(page, [](json::Writer& out, const auto& each) {
    encode_resource(out, run_view(each.row), each.stamp);
  });
}

Result<http::Response> get_run(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto found, read_row<WorkflowRun>(context.store, request.parameter("id")));
  if (!found || found->row.org != request.org || !found->row.event) return not_found("run");
  return resource_response(run_view(found->row), found->stamp);
}

}  // namespace penstock::admin
