// Whether the log takes events: the one place that decides it, by what the log has answered. While it is
// away, events are refused at once instead of each waiting for a deadline of its own, but for one at a time
// that is let through and finds out whether it is back.
//
// The log is away when an append fails as unavailable or timed out and nothing was acknowledged since it was
// made, or when appends wait and nothing was acknowledged for as long as an answer may take: a single
// partition that cannot be reached is not yet an outage. It is back with the first acknowledgement. A full
// queue (overloaded) says nothing of either.
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
#include <utility>
#include <vector>

#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/event_log.h"
#include "ingress/routes/log_limit.h"

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
// methods may be called from any thread. Also outlives the log's open appends: flush the log before
// destroying this.
class LogCircuit {
 public:
  LogCircuit(EventLog& log, const Clock& clock, LogCircuitOptions options, Metrics& metrics);

  // As EventLog::append(), and says for how long the caller should wait for `done` before it gives the event
  // up: not for long while the log is away. `done` is an AppendDone, or what one is made of. Refused at once
  // for an outage: unavailable.
  template <class Done>
  Result<Milliseconds> append(Record&& record, Done done) {
    TRY(const Ticket ticket, enter());
    Status accepted = log_.append(std::move(record),
                                  [this, ticket, done = std::move(done)](const Result<Position>& result) {
                                    settle(ticket, result ? nullptr : &result.error());
                                    done(result);
                                  });
    if (accepted) return ticket.probe == 0 ? options_.answer_deadline : options_.probe_patience;
    settle(ticket, &accepted.error());
    return accepted.error();
  }

  // As EventLog::ready(), and takes note of the answer: so the log can be known to be away before an event
  // has waited for it, unless it has acknowledged one within `answer_deadline`, and to be back before one
  // comes. Unavailable, with what appends were answered, while an outage lasts that they have shown.
  Status ready(const std::vector<std::string>& topics);

 private:
  struct Ticket {
    std::uint64_t acknowledged;  // when the append was made
    std::uint64_t probe;         // 0: none
  };
  struct Probe {
    std::uint64_t number;
    Timestamp since;
  };
  struct Outage {
    Timestamp since;
    Error error;         // the last that showed it
    Timestamp asked_at;  // when an event came last, or what became of one was learned
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

  Result<Ticket> enter();
  void settle(const Ticket& ticket, const Error* error);

  // The rest under mutex_.
  bool is_silent(Timestamp now);
  Result<std::uint64_t> enter_outage(Timestamp now);
  void give_up_late_probe(Timestamp now);
  Status judge_outage(Timestamp now);
  void begin_outage(Timestamp now, const Error& error);
  void say_outage(Timestamp now);
  void show_by_appends(Timestamp now, const Error& error);
  void end_outage(Timestamp now);

  EventLog& log_;
  const Clock& clock_;
  const LogCircuitOptions options_;
  Instruments instruments_;

  std::mutex mutex_;
  std::uint64_t acknowledged_ = 0;
  std::optional<Timestamp> acknowledged_at_;  // the last one
  std::uint64_t waiting_ = 0;                 // appends without an answer
  std::uint64_t acknowledged_seen_ = 0;       // by the last append
  Timestamp silent_since_{};                  // as far as appends have seen
  std::uint64_t last_probe_ = 0;
  LogLimit lines_{1};
  std::optional<Outage> outage_;
};

}  // namespace penstock
