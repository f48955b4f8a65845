#include "common/adapters/postgres/lists.h"

#include <algorithm>

namespace penstock::postgres {
namespace {

// Until the end of the round trip, which is one transaction. A list takes a few rows, and where an index has
// them in its order every other plan reads more than it answers, whatever the statistics make of the values.
constexpr const char* kForFewRows = "SELECT set_config('max_parallel_workers_per_gather', '0', true)";
constexpr const char* kForIndexOrder =
    "SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_sort', 'off', true),"
    " set_config('enable_incremental_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)";

}  // namespace

Result<std::vector<ResultHandle>> run_lists(Connection& connection,
                                            std::span<const sql::ListStatement> statements) {
  const bool in_index_order =
      std::all_of(statements.begin(), statements.end(), [](const auto& each) { return each.follows_index; });
  connection.send(in_index_order ? kForIndexOrder : kForFewRows);
  for (const auto& statement : statements) {
    Parameters parameters;
    for (const auto& each : statement.parameters) parameters.add(each.type, sql::view_of(each.value));
    connection.send(statement.text, parameters);
  }
  TRY(auto results, connection.exchange());
  results.erase(results.begin());
  return results;
}

Result<ResultHandle> run_list(Connection& connection, const sql::ListStatement& statement) {
  TRY(auto results, run_lists(connection, std::span(&statement, 1)));
  return std::move(results.front());
}

}  // namespace penstock::postgres
