// Schema versions: a store's schema is brought forward by numbered SQL files, the
// n-th of which makes version n.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/core/result.h"

namespace penstock::sql {

using Migrations = std::span<const std::string_view>;

// Is the stored version this program's? Else wrong_schema, with what to do in the detail.
Status check_version(std::int64_t stored, Migrations ours);

// The files that lead from the stored version to this program's, in order;
// wrong_schema when the store is ahead.
Result<Migrations> pending(std::int64_t stored, Migrations ours);

}  // namespace penstock::sql
