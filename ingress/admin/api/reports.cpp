#include "workers/domain/reports/reports.h"

#include "common/crypto/crypto.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"
#include "ingress/fields/body_reader.h"
#include "workers/runtime/batch.h"

namespace penstock::admin {
namespace {

// It was created when its reporter was told so, and not when it was stored.
RowStamp stamp_of(const Stored<Report>& stored) {
  RowStamp stamp = stored.stamp;
  stamp.created_at = stored.row.reported_at;
  return stamp;
}

Scope scope_of_org(const Request& request) {
  return {.livemode = true, .account = {}, .org = asked_org(request)};
}

Result<http::Response> show_report(Store& store, const Scope& scope, std::string_view id) {
  TRY(const auto found, read_row<Report>(store, scope.key(id)));
  return found ? resource_response(report_view(found->row), stamp_of(*found)) : not_found("report");
}

Moderation read_moderation(const Request& request, BodyReader& in) {
  Moderation moderation{scope_of_org(request), std::string(request.parameter("id")), {}};
  if (const auto status = in.optional_word<ReportStatus>("status"))
    moderation.status = *status;
  else
    in.refuse("status", "is required: " + one_of<ReportStatus>());
  return moderation;
}

AuditRow audit_of(const Request& request, const Moderation& moderation, Timestamp now) {
  json::Writer detail;
  detail.begin_object().key("status").string(to_string(moderation.status)).end_object();
  return {crypto::uuid_v7(now),    now, request.principal.name, "patch", std::string(request.head.path()),
          std::move(detail).text()};
}

}  // namespace

Result<http::Response> get_report(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  return show_report(context.store, scope_of_org(request), request.parameter("id"));
}

Result<http::Response> list_reports(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  if (const auto status = in.word<ReportStatus>("status"))
    query.filters.push_back({"status", std::string(to_string(*status))});
  if (auto type = in.text("type")) query.filters.push_back({"reportable_type", *std::move(type)});
  filter_by_org(asked_org(request), query);
  in.page("reports", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<Report>(context.store, "reports", query));
  return page_response(page, [](json::Writer& out, const auto& each) {
    encode_resource(out, report_view(each.row), stamp_of(each));
  });
}

Result<http::Response> patch_report(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const Moderation moderation = read_moderation(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY_STATUS(
      carry_out(context.store, context.clock,
                {EventKey{request.principal.name},
                 [&](const View& view, Reads& reads) { name_reads(view, moderation, reads); },
                 [&](const View& view) -> Result<Effects> { return decide_moderation(view, moderation); },
                 audit_of(request, moderation, context.clock.now())}));
  return show_report(context.store, moderation.scope, moderation.id);
}

}  // namespace penstock::admin
