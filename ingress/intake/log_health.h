// What the log's answers show of it: whether it takes events.
//
// The log is away when an append fails for what the log is (it cannot be reached, is too slow, is damaged) and
// nothing was acknowledged since it was made, or when appends wait and nothing was acknowledged for as long as
// an answer may take: a single partition that cannot be reached is not yet an outage. It is back with the
// first acknowledgement. A full queue (overloaded) says nothing of either.
//
// An outage that appends have shown is not ended by a log that merely says it is ready, and the ingress is
// not ready while it lasts. But whoever heeds that sends no events, and no event would ever find the log
// back. So once none has come for `trial_after` and the log says it is ready, the outage is on trial: ready()
// agrees, the next event finds out, and the others are refused until it has.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "common/core/result.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "ingress/intake/log_limit.h"

namespace penstock {

// Whether an append that failed so tells of the log. Else it tells of our own queue, or of this one record.
bool means_away(ErrorCode code) noexcept;

struct LogCircuitOptions {
  Milliseconds answer_deadline{5'000};  // how long the log may take to acknowledge
  Milliseconds probe_patience{250};     // how long the event that finds out should be kept waiting
  Milliseconds trial_after{10'000};     // without an event
  std::string address = "log";          // what the log is called in the lines about it
};

// Logs one line when the log goes away and one when it is back, at most once a second: an outage that began
// too soon after another is said as soon as it may be, if it still lasts when it is next asked about. All
// methods may be called from any thread. The clock and the metrics must outlive it.
class LogHealth {
 public:
  struct Ticket {
    std::uint64_t acknowledged;  // when the append was made
    std::uint64_t probe;         // 0: none
  };

  LogHealth(const Clock& clock, LogCircuitOptions options, Metrics& metrics);

  // Before an append. Refused at once for an outage: unavailable.
  Result<Ticket> enter();
  // For how long the sender of that event should be kept waiting.
  Milliseconds patience(const Ticket& ticket) const noexcept;
  // What became of it, once for each ticket; null: acknowledged.
  void settle(const Ticket& ticket, const Error* error);

  // Takes note of what the log says of its readiness, and answers what it amounts to.
  Status judge_readiness(Status said_by_log);

 private:
  // By the clock's uptime, which nobody sets.
  using Moment = Milliseconds;

  struct Probe {
    std::uint64_t number;
    Moment since;
  };
  struct Outage {
    Timestamp since;  // for people
    Moment began;
    Error error;      // the last that showed it
    Moment asked_at;  // when an event came last, or what became of one was learned
    std::optional<Probe> probe = {};
    bool shown_by_appends = false;
    bool on_trial = false;
    std::uint64_t refused = 0;
    bool said = false;  // in the log
  };
  struct Instruments {
    explicit Instruments(Metrics& metrics);
    prometheus::Gauge& away;
    prometheus::Counter& refused;
    std::array<prometheus::Counter*, kErrorCodes> append_errors{};
  };

  // The rest under mutex_.
  bool is_silent(Moment now);
  Result<std::uint64_t> enter_outage(Moment now);
  void give_up_late_probe(Moment now);
  Status judge_outage(Moment now);
  void begin_outage(Moment now, const Error& error);
  void say_outage();
  void show_by_appends(Moment now, const Error& error);
  void end_outage(Moment now);

  const Clock& clock_;
  const LogCircuitOptions options_;
  Instruments instruments_;

  std::mutex mutex_;
  std::uint64_t acknowledged_ = 0;
  std::optional<Moment> acknowledged_at_;  // the last one
  std::uint64_t waiting_ = 0;              // appends without an answer
  std::uint64_t acknowledged_seen_ = 0;    // by the last append
  Moment silent_since_{};                  // as far as appends have seen
  std::uint64_t last_probe_ = 0;
  LogLimit lines_{1};
  std::optional<Outage> outage_;
};

}  // namespace penstock
