#include "common/adapters/sql/text.h"

#include "common/adapters/sql/rows.h"

namespace penstock::sql {

std::string quoted(std::string_view identifier) {
  std::string text = "\"";
  for (const char c : identifier) text.append(c == '"' ? 2u : 1u, c);
  return text += '"';
}

std::string column_list(const std::vector<Column>& columns) {
  std::string text;
  for (const auto& column : columns) text.append(text.empty() ? "" : ", ").append(quoted(column.name));
  return text;
}

std::string update_list(const Table& table, std::string_view source) {
  std::string text;
  for (const auto& column : stored_columns(table)) {
    if (column.name == key_name(table) || column.name == table.partitioned_by || column.name == "created_at")
      continue;
    const std::string name = quoted(column.name);
    text.append(text.empty() ? "" : ", ").append(name).append(" = ").append(source).append(".").append(name);
  }
  return text;
}

}  // namespace penstock::sql
