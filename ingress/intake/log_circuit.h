// Whether the log takes events: the one place that decides it, by what the log has answered. While it is
// away, events are refused at once instead of each waiting for a deadline of its own, but for one at a time
// that is let through and finds out whether it is back.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/ports/event_log.h"
#include "ingress/intake/log_health.h"

namespace penstock {

// All methods may be called from any thread. Appends that are still open when this is destroyed are answered
// all the same; the clock and the metrics must outlive the log.
class LogCircuit {
 public:
  LogCircuit(EventLog& log, const Clock& clock, LogCircuitOptions options, Metrics& metrics)
      : log_(log), health_(std::make_shared<LogHealth>(clock, std::move(options), metrics)) {}

  // As EventLog::append(), and says for how long the caller should wait for `done` before it gives the event
  // up: not for long while the log is away. `done` is an AppendDone, or what one is made of. Refused at once
  // for an outage: unavailable.
  template <class Done>
  Result<Milliseconds> append(Record&& record, Done done) {
    TRY(const LogHealth::Ticket ticket, health_->enter());
    Status accepted =
        log_.append(std::move(record),
                    [health = health_, ticket, done = std::move(done)](const Result<Position>& result) {
                      health->settle(ticket, result ? nullptr : &result.error());
                      done(result);
                    });
    if (accepted) return health_->patience(ticket);
    health_->settle(ticket, &accepted.error());
    return accepted.error();
  }

  // As EventLog::ready(), and takes note of the answer: so the log can be known to be away before an event
  // has waited for it, unless it has acknowledged one within `answer_deadline`, and to be back before one
  // comes. Unavailable, with what appends were answered, while an outage lasts that they have shown.
  Status ready(const std::vector<std::string>& topics) {
    return health_->judge_readiness(log_.ready(topics));
  }

 private:
  EventLog& log_;
  const std::shared_ptr<LogHealth> health_;  // shared with the appends that are open
};

}  // namespace penstock
