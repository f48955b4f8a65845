#include "ingress/admin/api/feed_watch.h"

#include <algorithm>

#include "common/workflows/workflow.h"
#include "workers/deliveries/publish.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock::admin {
namespace {

constexpr std::size_t kWaitersMax = 144;
// A reader has no more than so many times the free places: alone 128 of them, and others always find some.
constexpr std::size_t kTimesOfFree = 8;
constexpr Milliseconds kInterval{50};
// Where there is more, everybody is asked again.
constexpr std::int64_t kEventsLookedAtMax = 1'000;

bool concerns(const FeedWatch::Waiter& waiter, const FeedEvent& event) {
  return event.reader == waiter.reader && (waiter.types.empty() || is_subscribed(waiter.types, event.type));
}

}  // namespace

FeedWatch::FeedWatch(Store& store, const Clock& clock, Submit submit)
    : store_(store),
      clock_(clock),
      submit_(std::move(submit)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

FeedWatch::~FeedWatch() {
  thread_.request_stop();
  changed_.notify_all();
  thread_.join();
}

bool FeedWatch::wait(Waiter waiter) {
  const std::lock_guard lock(mutex_);
  if (ended_) waiter.until = Milliseconds{0};
  const auto of_reader = static_cast<std::size_t>(std::count_if(
      waiters_.begin(), waiters_.end(), [&](const Waiter& each) { return each.reader == waiter.reader; }));
  const std::size_t free = kWaitersMax - std::min(waiters_.size(), kWaitersMax);
  if (of_reader >= free * kTimesOfFree) return false;
  waiters_.push_back(std::move(waiter));
  changed_.notify_all();
  return true;
}

void FeedWatch::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  for (auto& waiter : waiters_) waiter.until = Milliseconds{0};
  changed_.notify_all();
}

bool FeedWatch::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void FeedWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return !waiters_.empty(); });
    }
    if (stop.stop_requested()) return;
    look();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kInterval, [&] { return ended_ && !waiters_.empty(); });
  }
}

// A store that fails lets everybody wait on: whoever's time is up hears of it.
void FeedWatch::look() {
  const std::int64_t before = looked_place_;
  std::int64_t now = before;
  std::vector<Row> added;
  if (const auto last = last_place(store_)) {
    now = last.value();
    std::vector<std::string> places;
    for (std::int64_t place = before + 1; place <= now && now - before <= kEventsLookedAtMax; ++place)
      places.push_back(feed_place(place));
    auto rows = places.empty() ? Result<std::vector<Row>>(std::vector<Row>{})
                               : store_.read(table_of<FeedEvent>(), places);
    if (rows)
      added = std::move(rows).value();
    else
      now = before;
  }
  for (auto& waiter : take_ready(before, now, added))
    if (!submit_(waiter.again)) {  // not now: at the next look, whatever comes
      waiter.until = Milliseconds{0};
      const std::lock_guard lock(mutex_);
      waiters_.push_back(std::move(waiter));
    }
  looked_place_ = now;
}

// Those that have waited long enough, or for whom there may be something: those that had looked before the thread did, whose events it
// has seen already; all of them where there is too much to look at or a store that was restored; else those whom an event concerns.
std::vector<FeedWatch::Waiter> FeedWatch::take_ready(std::int64_t before, std::int64_t now,
                                                     const std::vector<Row>& added) {
  std::vector<FeedEvent> events;
  for (const auto& row : added)
    if (auto event = from_row<FeedEvent>(row)) events.push_back(std::move(event).value());
  const bool unseen = now < before || now - before > kEventsLookedAtMax || events.size() != added.size();
  const auto is_ready = [&](const Waiter& waiter) {
    if (waiter.until <= clock_.uptime() || waiter.place < before || unseen) return true;
    return std::any_of(events.begin(), events.end(),
                       [&](const FeedEvent& event) { return concerns(waiter, event); });
  };
  const std::lock_guard lock(mutex_);
  const auto ready = std::stable_partition(waiters_.begin(), waiters_.end(),
                                           [&](const Waiter& waiter) { return !is_ready(waiter); });
  std::vector<Waiter> taken(std::make_move_iterator(ready), std::make_move_iterator(waiters_.end()));
  waiters_.erase(ready, waiters_.end());
  return taken;
}

}  // namespace penstock::admin
