#include "common/follow/topic_follower.h"

#include <utility>

#include "common/async/backoff.h"
#include "common/async/periodic.h"
#include "common/observe/log.h"

namespace penstock {
namespace {

constexpr std::size_t kRecordsMax = 1'000;
constexpr Milliseconds kRetryMin{50}, kRetryMax{1'000};

}  // namespace

TopicFollower::TopicFollower(Options options, LogReader& log, Told told)
    : options_(std::move(options)),
      log_(log),
      told_(std::move(told)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void TopicFollower::run(const std::stop_token& stop) {
  Backoff backoff(kRetryMin, kRetryMax);
  while (!stop.stop_requested()) {
    const auto answer = poll();
    say(answer);
    told_(answer);
    if (answer)
      backoff = Backoff(kRetryMin, kRetryMax);
    else
      wait_unless_stopped(stop, backoff.next());
  }
}

Result<TailBatch> TopicFollower::poll() {
  if (tail_ == nullptr) {
    TRY(tail_, log_.tail(options_.topic));
  }
  return tail_->next(kRecordsMax, options_.poll_wait);
}

void TopicFollower::say(const Result<TailBatch>& answer) {
  if (std::exchange(answers_, answer.has_value()) == answer.has_value()) return;
  if (answer)
    log::info(options_.subject + " follow the log again", {});
  else
    log::warn(options_.subject + " do not follow the log now, what is known holds",
              {{"code", to_string(answer.error().code)}, {"detail", answer.error().detail}});
}

}  // namespace penstock
