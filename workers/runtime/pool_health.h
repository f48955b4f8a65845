// What one pool of this process is doing: told by its worker and by what the log says of its group, asked by
// probes, metrics and the watchdog.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "common/core/result.h"
#include "common/ports/clock.h"
#include "workers/runtime/pool_note.h"

namespace penstock {

struct PoolStatus {
  PoolActivity state = PoolActivity::idle;
  // Of one that backs off or is stuck: when it last applied something, or began
  // to wait. Else: since it is so.
  Timestamp since;
  Milliseconds age{};      // from `since` until now
  std::string error;       // why it applies nothing: code, detail and what is away; empty when all is well
  int attempts = 0;        // that failed since then
  std::size_t events = 0;  // in hand
};

// "since 2026-01-31T12:00:00Z (for 42 s, 3 attempts, 500 events in hand): unavailable: …"
std::string to_text(const PoolStatus& status);

// Any thread. The clock must outlive it.
class PoolHealth {
 public:
  PoolHealth(std::string pool, const Clock& clock, Milliseconds stuck_after);

  // Told by the worker.
  void has_nothing_to_do();
  void took(std::size_t events);
  void applied(std::size_t events);
  // The events in hand, or the log when there are none, have to wait. `away` is what the error is about.
  void failed(const Error& error, std::string_view away);
  // A part of the log cannot be read, and what stands in it is not applied, whatever else is. Said again and
  // again for as long as it is so.
  void cannot_read(const Error& error, std::string_view where);
  // The events in hand were taken away before they could be applied. Whether another worker applies them is
  // for group_moves() to say: until then, or until this one takes some, it waits as before.
  void lost_events();

  // Told by whoever asks the log how far the pool's group is: it has done something since the
  // last time or has nothing to do; or there is something to do, and nothing has been done,
  // and here is what is known of why.
  void group_moves();
  void group_stays(std::string why);

  const std::string& pool() const noexcept { return pool_; }
  PoolStatus status() const;

 private:
  struct Moment {
    Timestamp wall;
    Milliseconds uptime{};
  };

  struct Unread {
    Moment since;
    Moment said;  // last
    std::string why;
  };

  Moment now() const { return {clock_.now(), clock_.uptime()}; }
  Milliseconds age(const Moment& moment) const { return clock_.uptime() - moment.uptime; }
  bool is_unread() const;
  void be_idle();

  const std::string pool_;
  const Clock& clock_;
  const Milliseconds stuck_after_;

  mutable std::mutex mutex_;
  bool waiting_ = false;      // for something to be applied
  bool events_lost_ = false;  // while waiting
  Moment since_;
  std::size_t events_ = 0;
  std::optional<std::string> error_;
  int attempts_ = 0;
  std::optional<Unread> unread_;
  std::optional<Moment> group_stays_since_;
  std::string why_group_stays_;
};

}  // namespace penstock
