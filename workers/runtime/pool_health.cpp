#include "workers/runtime/pool_health.h"

#include <algorithm>

namespace penstock {

std::string to_text(const PoolStatus& status) {
  std::string text = "since " + to_rfc3339(status.since) + " (for " +
                     std::to_string(std::chrono::floor<std::chrono::seconds>(status.age).count()) + " s, " +
                     std::to_string(status.attempts) + " attempts, " + std::to_string(status.events) +
                     " events in hand)";
  if (!status.error.empty()) text.append(": ").append(status.error);
  return text;
}

PoolHealth::PoolHealth(std::string pool, const Clock& clock, Milliseconds stuck_after)
    : pool_(std::move(pool)), clock_(clock), stuck_after_(stuck_after), since_(clock.now()) {}

void PoolHealth::has_nothing_to_do() {
  const std::lock_guard lock(mutex_);
  if (waiting_) since_ = clock_.now();
  waiting_ = false;
  events_ = 0;
  error_.reset();
  attempts_ = 0;
}

void PoolHealth::wait_from_now() {
  waiting_ = true;
  since_ = clock_.now();
}

void PoolHealth::took(std::size_t events) {
  const std::lock_guard lock(mutex_);
  if (!waiting_) wait_from_now();
  events_ = events;
}

void PoolHealth::applied(std::size_t events) {
  const std::lock_guard lock(mutex_);
  wait_from_now();
  events_ -= std::min(events, events_);
  error_.reset();
  attempts_ = 0;
}

void PoolHealth::failed(const Error& error, std::string_view away) {
  const std::lock_guard lock(mutex_);
  if (!waiting_) wait_from_now();
  std::string text(to_string(error.code));
  text.append(": ").append(error.detail);
  if (!away.empty()) text.append(" (").append(away).append(")");
  error_ = std::move(text);
  ++attempts_;
}

PoolStatus PoolHealth::status() const {
  const std::lock_guard lock(mutex_);
  PoolStatus status{PoolActivity::idle,  since_,    clock_.now() - since_,
                    error_.value_or(""), attempts_, events_};
  if (!waiting_) return status;
  status.state = error_ ? PoolActivity::backing_off : PoolActivity::running;
  if (status.age >= stuck_after_) status.state = PoolActivity::stuck;
  return status;
}

}  // namespace penstock
