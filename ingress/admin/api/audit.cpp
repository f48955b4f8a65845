#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"
#include "workers/domain/state/setting_rows.h"

namespace penstock::admin {
namespace {

void encode_audit(json::Writer& out, const Stored<AuditRow>& stored) {
  const AuditRow& row = stored.row;
  json::encode(out.begin_object().key("at"), row.at);
  out.key("who").string(row.who).key("action").string(row.action).key("subject").string(row.subject);
  out.key("detail").raw(row.detail).end_object();
}

}  // namespace

Result<http::Response> list_audit(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.filter("subject", query);
  query.since = in.time("since");
  query.until = in.time("until");
  in.page("audit", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<AuditRow>(context.store, "audit", query));
  return page_response(page, encode_audit);
}

}  // namespace penstock::admin
