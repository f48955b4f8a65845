#include "workers/runtime/pool_health.h"

#include <algorithm>

namespace penstock {

namespace {

// A worker says so whenever it has tried to read it again, between two batches.
constexpr Milliseconds kUnreadForgottenAfter{60'000};

std::string cause_of(const Error& error, std::string_view away) {
  std::string text(to_string(error.code));
  text.append(": ").append(error.detail);
  if (!away.empty()) text.append(" (").append(away).append(")");
  return text;
}

}  // namespace

std::string to_text(const PoolStatus& status) {
  std::string text = "since " + to_rfc3339(status.since) + " (for " +
                     std::to_string(std::chrono::floor<std::chrono::seconds>(status.age).count()) + " s, " +
                     std::to_string(status.attempts) + " attempts, " + std::to_string(status.events) +
                     " events in hand)";
  if (!status.error.empty()) text.append(": ").append(status.error);
  return text;
}

PoolHealth::PoolHealth(std::string pool, const Clock& clock, Milliseconds stuck_after)
    : pool_(std::move(pool)), clock_(clock), stuck_after_(stuck_after), since_(now()) {}

void PoolHealth::be_idle() {
  if (waiting_) since_ = now();
  waiting_ = false;
  events_lost_ = false;
  events_ = 0;
  error_.reset();
  attempts_ = 0;
}

void PoolHealth::has_nothing_to_do() {
  const std::lock_guard lock(mutex_);
  if (!events_lost_) be_idle();
}

void PoolHealth::took(std::size_t events) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(waiting_, true)) since_ = now();
  events_lost_ = false;
  events_ += events;
}

void PoolHealth::applied(std::size_t events) {
  const std::lock_guard lock(mutex_);
  waiting_ = true;
  since_ = now();
  events_ -= std::min(events, events_);
  error_.reset();
  attempts_ = 0;
  group_stays_since_.reset();
}

void PoolHealth::failed(const Error& error, std::string_view away) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(waiting_, true)) since_ = now();
  error_ = cause_of(error, away);
  ++attempts_;
}

void PoolHealth::cannot_read(const Error& error, std::string_view where) {
  const std::lock_guard lock(mutex_);
  unread_ = Unread{is_unread() ? unread_->since : now(), now(), cause_of(error, where)};
}

bool PoolHealth::is_unread() const { return unread_ && age(unread_->said) < kUnreadForgottenAfter; }

void PoolHealth::lost_events() {
  const std::lock_guard lock(mutex_);
  events_lost_ = waiting_;
  events_ = 0;
}

void PoolHealth::group_moves() {
  const std::lock_guard lock(mutex_);
  group_stays_since_.reset();
  if (events_lost_) be_idle();
}

void PoolHealth::group_stays(std::string why) {
  const std::lock_guard lock(mutex_);
  if (!group_stays_since_) group_stays_since_ = now();
  why_group_stays_ = std::move(why);
}

// What the worker knows of itself comes first: it says more.
PoolStatus PoolHealth::status() const {
  const std::lock_guard lock(mutex_);
  PoolStatus status{PoolActivity::idle, since_.wall, age(since_), error_.value_or(""), attempts_, events_};
  if (waiting_) status.state = error_ ? PoolActivity::backing_off : PoolActivity::running;
  if (waiting_ && status.age >= stuck_after_) {
    status.state = PoolActivity::stuck;
  } else if (is_unread() && age(unread_->since) >= stuck_after_) {
    status.state = PoolActivity::stuck;
    status.since = unread_->since.wall;
    status.age = age(unread_->since);
    status.error = unread_->why;
  } else if (group_stays_since_ && age(*group_stays_since_) >= stuck_after_) {
    status.state = PoolActivity::stuck;
    status.since = group_stays_since_->wall;
    status.age = age(*group_stays_since_);
    status.error = error_.value_or(why_group_stays_);
  }
  return status;
}

}  // namespace penstock
