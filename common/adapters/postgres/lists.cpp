#include "common/adapters/postgres/lists.h"

namespace penstock::postgres {
namespace {

// Until the end of the round trip, which is one transaction. A list takes a few rows, and where an index has
// them in its order every other plan reads more than it answers, whatever the statistics make of the values.
constexpr const char* kForFewRows = "SELECT set_config('max_parallel_workers_per_gather', '0', true)";
constexpr const char* kForIndexOrder =
    "SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_sort', 'off', true),"
    " set_config('enable_incremental_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)";

}  // namespace

Result<ResultHandle> run_list(Connection& connection, const sql::ListStatement& statement) {
  Parameters parameters;
  for (const auto& each : statement.parameters) parameters.add(each.type, sql::view_of(each.value));
  connection.send(statement.follows_index ? kForIndexOrder : kForFewRows);
  connection.send(statement.text, parameters);
  TRY(auto results, connection.exchange());
  return std::move(results.back());
}

}  // namespace penstock::postgres
