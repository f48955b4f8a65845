// Settings as the store keeps them, and who has changed what. No event reads or changes these rows.
#pragma once

#include <optional>
#include <string>

#include "workers/domain/state/table.h"

namespace penstock {

// The truth about a setting; the topic `settings` tells it to others. A row that is deleted stays, so that its revision
// goes on counting.
struct SettingRow {
  std::string key;           // "partner/acme": registry/values.h
  std::string listed_under;  // the kind and the org whose list it is in: "partner@o1"
  bool deleted = false;
  std::string sealed;  // its value with its revision; empty when it is deleted
  bool operator==(const SettingRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(SettingRow, (), (key, listed_under, deleted, sealed))

// One change by one caller. `detail` is JSON, and holds no secret.
struct AuditRow {
  std::string id;
  Timestamp at;
  std::string who;  // "root", "key:<id>"
  std::string action;
  std::string subject;
  std::string detail;
  bool operator==(const AuditRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(AuditRow, (), (id, at, who, action, subject, detail))

inline constexpr std::string_view kNotDeleted = "NOT deleted";

template <>
struct TableName<SettingRow> {
  static constexpr ListIndex kIndexes[] = {{.column = "listed_under", .only = kNotDeleted}};
  static constexpr TableTraits traits{.name = "settings", .indexes = kIndexes};
};
template <>
struct TableName<AuditRow> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "subject"}};
  static constexpr TableTraits traits{
      .name = "audit", .mode = WriteMode::insert_new, .newest_first = "at", .indexes = kIndexes};
};

// As it is added.
inline TableRows added(const AuditRow& audit) {
  return {&table_of<AuditRow>(), {{to_cells(audit), 0, {audit.at, audit.at, {}}}}};
}

}  // namespace penstock
