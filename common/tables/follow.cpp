#include "common/tables/follow.h"

#include "common/async/backoff.h"
#include "common/async/periodic.h"

namespace penstock {
namespace {

constexpr std::size_t kRecordsMax = 1'000;
constexpr Milliseconds kRetryMin{50}, kRetryMax{1'000};

}  // namespace

void follow(const std::stop_token& stop, LogReader& log, const FollowOptions& options,
            const FollowHooks& hooks) {
  std::unique_ptr<LogTail> tail;
  Backoff backoff(kRetryMin, kRetryMax);
  const auto next = [&]() -> Result<TailBatch> {
    if (tail == nullptr) {
      TRY(tail, log.tail(options.topic));
    }
    return tail->next(kRecordsMax, options.poll_wait);
  };
  while (!stop.stop_requested()) {
    const auto batch = next();
    hooks.note_contact(batch ? Status(ok()) : Status(batch.error()));
    if (batch) {
      backoff = Backoff(kRetryMin, kRetryMax);
      hooks.take(batch.value());
    }
    if (hooks.after_poll) hooks.after_poll();
    if (!batch) wait_unless_stopped(stop, backoff.next());
  }
}

}  // namespace penstock
