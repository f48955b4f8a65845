// Pieces of SQL text from table descriptions. Only names come from descriptions;
// values are always parameters. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/ports/store.h"

namespace penstock::sql {

std::string quoted(std::string_view identifier);

// `"id", "status", …`
std::string column_list(const std::vector<Column>& columns);

// What changes in the row that is there, from one called `source`: `"status" = source."status", …`. All but
// the key, the partition column (equal for equal keys) and created_at.
std::string update_list(const Table& table, std::string_view source);

}  // namespace penstock::sql
