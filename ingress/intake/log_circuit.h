// The way of an event into the log: whether the log takes events, and for how long its answer is waited for.
//
// While the log is away, by what it has answered (log_health.h), events are refused at once
// instead of each waiting for a deadline of its own, but for one at a time that is let through
// and finds out whether it is back.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/ports/event_sink.h"
#include "ingress/intake/log_health.h"

namespace penstock {

// All methods may be called from any thread. What is still open when this is destroyed is answered by the log
// alone; the clock and the metrics must outlive the log.
class LogCircuit {
 public:
  LogCircuit(EventSink& log, const Clock& clock, LogCircuitOptions options, Metrics& metrics);

  // As EventSink::append(), but `done` is called in time: with `timeout` when the log has not answered within
  // `answer_deadline`, or while it is away within `probe_patience`, and what it answers then changes nothing
  // for the caller. This is the one place that decides so. Refused at once for an outage: unavailable.
  Status append(Record&& record, AppendDone done);

  // Answers those whose time is up. Whoever owns this calls it often.
  void give_up_late();

  // As EventSink::ready(), and takes note of the answer: so the log can be known to be away before an event
  // has waited for it, unless it has acknowledged one within `answer_deadline`, and to be back before one
  // comes. Unavailable, with what appends were answered, while an outage lasts that they have shown.
  Status ready(const std::vector<std::string>& topics) {
    return open_->health.judge_readiness(log_.ready(topics));
  }

 private:
  struct Waiting {
    AppendDone done;  // empty: its time was up
    Milliseconds until{};
    std::list<Waiting>* in = nullptr;
  };
  using Place = std::list<Waiting>::iterator;

  // Shared with the appends that are open.
  struct Open {
    Open(const Clock& clock, LogCircuitOptions options, Metrics& metrics);

    Place wait(AppendDone done, const LogHealth::Ticket& ticket, Milliseconds now);
    // Whom the log's answer is for; nobody any more when the time was up.
    AppendDone take(Place place);
    std::vector<AppendDone> take_late(Milliseconds now);

    LogHealth health;
    prometheus::Counter& late;
    std::mutex mutex;  // of what follows
    // Two kinds of patience, so that each list is in the order of its deadlines; then those whose time was up.
    std::list<Waiting> events, probes, given_up;
  };

  EventSink& log_;
  const Clock& clock_;
  const std::shared_ptr<Open> open_;
};

}  // namespace penstock
