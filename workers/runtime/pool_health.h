// What one pool of this process is doing: told by its worker, asked by probes, metrics and the watchdog.
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
  Timestamp
      since;  // backing_off, stuck: when it last applied something, or began to wait. Else: since it is so.
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

  const std::string& pool() const noexcept { return pool_; }
  PoolStatus status() const;

 private:
  void wait_from_now();

  const std::string pool_;
  const Clock& clock_;
  const Milliseconds stuck_after_;

  mutable std::mutex mutex_;
  bool waiting_ = false;  // for something to be applied
  Timestamp since_;
  std::size_t events_ = 0;
  std::optional<std::string> error_;
  int attempts_ = 0;
};

}  // namespace penstock
