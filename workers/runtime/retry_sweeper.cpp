#include "workers/runtime/retry_sweeper.h"

#include <optional>

#include "workers/domain/connect/retries.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr Table kPayoutsByDueTime = by_due_time<Payout>("retry_next_at");

}  // namespace

Result<int> sweep_due_retries(Store& store, const Clock& clock, const Policy& policy) {
  const auto call = [&](const Row& row) -> Status {
    const auto& key = std::get<std::string>(row.cells.front());
    TRY_STATUS(carry_out(store, clock,
                         {make_event_key("timer", "payout.retry_due:" + key),
                          [&](const View&, Reads& reads) { reads.want<Payout>(key); },
                          [&](const View& view) -> Result<Effects> {
                            return decide_due_retry(view, key, clock.now(), policy);
                          }}));
    return ok();
  };
  int called = 0;
  std::optional<Error> failed;
  for (const RetryState state : {RetryState::queued, RetryState::due}) {
    const auto swept = take_up_due(store, kPayoutsByDueTime, {{"retry_state", std::string(to_string(state))}},
                                   clock.now(), call);
    if (!swept) failed = swept.error();
    called += swept ? swept.value() : 0;
  }
  if (failed) return *failed;
  return called;
}

}  // namespace penstock
