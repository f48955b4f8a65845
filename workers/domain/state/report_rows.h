// What users and services have reported to the platform's moderators.
#pragma once

#include <optional>
#include <string>

#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(ReportStatus, open, resolved, dismissed)

struct ReportAttributes {
  std::string reportable_id;
  std::string reportable_type;
  std::string reason;
  std::optional<std::string> description;
  std::string reporter;  // a user's id, or "key:<id>" of an API key
  bool operator==(const ReportAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportAttributes, (), (reportable_id, reportable_type, reason, description, reporter))

struct ReportStanding {
  ReportStatus status = ReportStatus::open;
  bool operator==(const ReportStanding&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportStanding, (), (status))

struct Report : OrgRow, ReportAttributes, ReportStanding {
  Timestamp reported_at;  // as its reporter was told
  bool operator==(const Report&) const = default;
};
BOOST_DESCRIBE_STRUCT(Report, (OrgRow, ReportAttributes, ReportStanding), (reported_at))

template <>
struct TableName<Report> {
  static constexpr ListIndex kIndexes[] = {
      {.only = kOfDefaultOrg}, {.column = "org"}, {.column = "status"}, {.column = "reportable_type"}};
  static constexpr TableTraits traits{
      .name = "reports", .resource = "reports", .newest_first = "reported_at", .indexes = kIndexes};
};

}  // namespace penstock
