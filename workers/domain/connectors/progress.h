// How far a run is: a function of what started it and of what became of its waits, so the same in whatever order that was
// learned.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/run_rows.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(StepKind, emit, wait)
BOOST_DEFINE_ENUM_CLASS(StepStatus, pending, running, waiting, completed, timed_out, failed)

struct StepView {
  std::int64_t n = 0;  // from 1
  StepKind kind = StepKind::emit;
  StepStatus status = StepStatus::pending;
  std::optional<Timestamp> at;    // when it came to that
  std::optional<EventKey> event;  // by which
  bool operator==(const StepView&) const = default;
};
BOOST_DESCRIBE_STRUCT(StepView, (), (n, kind, status, at, event))

struct WaitingFor {
  std::string event_type;
  std::string match;
  Timestamp until;
  bool operator==(const WaitingFor&) const = default;
};
BOOST_DESCRIBE_STRUCT(WaitingFor, (), (event_type, match, until))

struct Progress {
  RunStatus status = RunStatus::running;
  std::vector<StepView> steps;
  std::optional<EventKey> resumed_by;  // the latest
  std::optional<WaitingFor> waiting_for;
  std::int64_t waiting_step = 0;  // of a run that waits
  std::optional<Timestamp> ended_at;
};

// Whether the event that starts it has been applied. One whose row has lost a part of what that said counts as not started.
bool is_started(const WorkflowRun& run) noexcept;

// Of a run that has not been started yet: running, without steps.
Progress progress_of(const WorkflowRun& run);

// The wait's outcome; nullptr: nothing became of it yet.
const WaitOutcome* outcome_of(const WorkflowRun& run, std::int64_t step) noexcept;

}  // namespace penstock
