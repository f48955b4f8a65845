#include "workers/runtime/retry_sweeper.h"

#include <optional>

#include "workers/domain/connect/retries.h"
#include "workers/runtime/batch.h"

namespace penstock {
namespace {

// The payouts in the order in which they fall due.
constexpr Table by_due_time() {
  Table table = table_of<Payout>();
  table.newest_first = "retry_next_at";
  table.indexes = {};
  return table;
}
constexpr Table kPayoutsByDueTime = by_due_time();

Result<std::vector<std::string>> due_payouts(Store& store, RetryState state, Timestamp now) {
  ListQuery query;
  query.filters = {{"retry_state", std::string(to_string(state))}};
  query.until = now + Milliseconds{1};
  query.limit = 50;
  TRY(auto rows, store.list(kPayoutsByDueTime, query));
  std::vector<std::string> keys;
  for (const auto& row : rows) keys.push_back(std::get<std::string>(row.cells[0]));
  return keys;
}

// One payout that cannot be decided about must not keep the others waiting.
bool is_about_the_store(const Error& error) {
  return error.code != ErrorCode::invalid && error.code != ErrorCode::conflict;
}

}  // namespace

Result<int> sweep_due_retries(Store& store, const Clock& clock, const Policy& policy) {
  int called = 0;
  std::optional<Error> failed;
  for (const RetryState state : {RetryState::queued, RetryState::due}) {
    TRY(const auto keys, due_payouts(store, state, clock.now()));
    for (const auto& key : keys) {
      const Decision decision{make_event_key("timer", "payout.retry_due:" + key),
                              [&](const View&, Reads& reads) { reads.want<Payout>(key); },
                              [&](const View& view) -> Result<Effects> {
                                return decide_due_retry(view, key, clock.now(), policy);
                              }};
      const auto carried_out = carry_out(store, clock, decision);
      if (carried_out)
        ++called;
      else if (is_about_the_store(carried_out.error()))
        return carried_out.error();
      else
        failed = carried_out.error();
    }
  }
  if (failed) return *failed;
  return called;
}

}  // namespace penstock
