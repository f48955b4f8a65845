#include "common/adapters/embedded/tail.h"

#include <algorithm>
#include <utility>

namespace penstock {

using SteadyClock = std::chrono::steady_clock;

Result<TailBatch> EmbeddedEventLog::Tail::next(std::size_t records_max, Milliseconds wait) {
  const SteadyTime until = SteadyClock::now() + wait;
  if (!cursor_ || SteadyClock::now() - up_to_date_at_ > log_.options_.tail_anew_after) {
    TRY_STATUS(begin());
  }
  TailBatch batch;
  // Nothing is waited for before the present was told.
  const SteadyTime patience = is_present() && !anew_ ? until : SteadyClock::now();
  for (Ends unread = wait_for_news(patience); !unread.empty() && batch.records.empty();
       unread = wait_for_news(SteadyClock::now())) {
    TRY(batch.records, cursor_->fetch(unread, std::max<std::size_t>(records_max, 1)));
  }
  if (wait_for_news(SteadyClock::now()).empty()) up_to_date_at_ = SteadyClock::now();
  batch.anew = std::exchange(anew_, false);
  batch.present = is_present();
  return batch;
}

Status EmbeddedEventLog::Tail::begin() {
  Ends ends = log_.ends_of(topic_);
  if (ends.empty()) return no_such_topic(topic_);
  Ends from = ends;
  for (auto& [partition, next] : from) next = Offset{0};
  cursor_.emplace(log_, std::move(from));
  present_at_ = std::move(ends);
  anew_ = true;
  up_to_date_at_ = SteadyClock::now();
  return ok();
}

EmbeddedEventLog::Ends EmbeddedEventLog::Tail::wait_for_news(SteadyTime until) const {
  std::unique_lock lock(log_.mutex_);
  Ends unread;
  log_.news_.wait_until(lock, until, [&] { return !(unread = cursor_->unread()).empty(); });
  return unread;
}

bool EmbeddedEventLog::Tail::is_present() const {
  return std::all_of(present_at_.begin(), present_at_.end(),
                     [this](const auto& each) { return cursor_->next().at(each.first) >= each.second; });
}

}  // namespace penstock
