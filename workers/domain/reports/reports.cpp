#include "workers/domain/reports/reports.h"

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

void enqueue_created(Effects& effects, const Report& report, const EventKey& event) {
  json::Writer data;
  data.begin_object();
  json::encode_members(data, report_view(report));
  json::encode(data.key("created_at"), report.reported_at);
  data.end_object();
  const Scope scope = scope_of(report);
  enqueue_outbound(effects, scope, "report.created", "report.created:" + cause_of(scope, report.id), event,
                   std::move(data).text());
}

}  // namespace

void name_reads(const View&, const ReportFacts& facts, Reads& reads) {
  reads.want<Report>(facts.meta.scope().key(facts.id));
}

Result<Effects> decide(const View& view, const ReportFacts& facts, const Policy&) {
  Effects effects;
  const Scope scope = facts.meta.scope();
  effects.outcome = Outcome::duplicate;
  if (view.find<Report>(scope.key(facts.id)) != nullptr) return effects;
  effects.outcome = Outcome::applied;
  auto report = make_row<Report>(scope, facts.id);
  part<ReportAttributes>(report) = facts.said;
  report.reported_at = facts.meta.created;
  enqueue_created(effects, report, facts.meta.key);
  effects.put(std::move(report));
  return effects;
}

void name_reads(const View&, const Moderation& moderation, Reads& reads) {
  reads.want<Report>(moderation.scope.key(moderation.id));
}

Effects decide_moderation(const View& view, const Moderation& moderation) {
  Effects effects;
  const Report* before = view.find<Report>(moderation.scope.key(moderation.id));
  if (before == nullptr) return effects;
  effects.outcome = Outcome::duplicate;
  if (before->status == moderation.status) return effects;
  effects.outcome = Outcome::applied;
  Report after = *before;
  after.status = moderation.status;
  effects.put(std::move(after));
  return effects;
}

ReportView report_view(const Report& row) {
  ReportView view;
  view.id = row.id;
  part<ReportAttributes>(view) = row;
  part<ReportStanding>(view) = row;
  return view;
}

}  // namespace penstock
