// Reports: what somebody finds wrong with something of the platform's, and what moderators make of it.
//
// A report is one event, which says all of it and whose id is the report's own; only moderators change it then, and
// only its status. So no event that comes again undoes what a moderator has done.
#pragma once

#include <string>

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct ReportFacts : FactsOf<ReportAttributes> {};

void name_reads(const View& view, const ReportFacts& facts, Reads& reads);

// Opens the report and tells report.created, once.
Result<Effects> decide(const View& view, const ReportFacts& facts, const Policy& policy);

// What a moderator says of a report.
struct Moderation {
  Scope scope;
  std::string id;
  ReportStatus status;
};

void name_reads(const View& view, const Moderation& moderation, Reads& reads);

// Ignored where there is no such report, or none yet.
Effects decide_moderation(const View& view, const Moderation& moderation);

// A report as clients read it (contract.md, /v1/reports), besides its times.
struct ReportView : ObjectId, ReportAttributes, ReportStanding {
  bool operator==(const ReportView&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportView, (ObjectId, ReportAttributes, ReportStanding), ())

ReportView report_view(const Report& row);

}  // namespace penstock
