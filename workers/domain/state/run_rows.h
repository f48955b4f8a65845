// Runs of workflows: what started them, and what has moved them on since.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/workflows/workflow.h"
#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(RunStatus, running, waiting, completed, timed_out, failed)

// How many runs came to each.
using RunTransitions = std::map<RunStatus, std::int64_t>;

// A step as the run has it, whatever becomes of its workflow.
struct RunStep : Step {
  std::optional<std::string> value;  // of a wait: what its pointer leads to in the event that started the run
  bool operator==(const RunStep&) const = default;
};
BOOST_DESCRIBE_STRUCT(RunStep, (Step), (value))

// An event that was decided to satisfy a wait, and when it was received.
struct Resumption {
  Timestamp at;
  EventKey event;
  auto operator<=>(const Resumption&) const = default;
};
BOOST_DESCRIBE_STRUCT(Resumption, (), (at, event))

// What became of a wait. Both may hold: then it timed out here before an event that had come in time was applied, and the
// event holds.
struct WaitOutcome {
  std::int64_t step = 0;
  std::vector<Resumption> resumed;  // sorted; the earliest ones, where there are many
  bool timed_out = false;
  bool operator==(const WaitOutcome&) const = default;
};
BOOST_DESCRIBE_STRUCT(WaitOutcome, (), (step, resumed, timed_out))

// There is a row as soon as anything is known of a run: the event that resumes it may be applied before the one that starts
// it. Status and times follow from the rest (workers/domain/connectors/progress.h).
struct WorkflowRun : ObjectId {
  std::string org;
  bool livemode = false;
  std::optional<std::string> workflow;
  RunStatus status = RunStatus::running;
  std::optional<EventKey> event;  // that started it; none: it has not been applied yet
  std::optional<Timestamp> started_at;
  std::optional<std::string> entity;  // what that event is about
  std::vector<RunStep> steps;
  std::vector<WaitOutcome> waits;   // by step
  std::optional<Timestamp> due_at;  // when the wait it is in ends
  bool operator==(const WorkflowRun&) const = default;
};
BOOST_DESCRIBE_STRUCT(WorkflowRun, (ObjectId),
                      (org, livemode, workflow, status, event, started_at, entity, steps, waits, due_at))

// When the topic `waits` is to be told of the run; there is a row of each that has come to a wait.
struct RunPublication {
  std::string run;
  std::optional<Timestamp> due_at;  // none: it knows
  bool operator==(const RunPublication&) const = default;
};
BOOST_DESCRIBE_STRUCT(RunPublication, (), (run, due_at))

template <>
struct TableName<WorkflowRun> {
  static constexpr ListIndex kIndexes[] = {{.column = "org"}};
  static constexpr TableTraits traits{.name = "runs", .resource = "runs", .indexes = kIndexes};
};
template <>
struct TableName<RunPublication> {
  static constexpr TableTraits traits{.name = "run_publications"};
};

}  // namespace penstock
