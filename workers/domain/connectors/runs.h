// Events of connectors: they start runs of workflows and resume runs that wait, as their door has decided. What is decided is
// carried out whatever comes first, and a repetition changes nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/workflows/decision.h"
#include "common/workflows/waiting_run.h"
#include "workers/domain/connectors/progress.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct RunToStart {
  std::string run;
  std::string workflow;
  std::vector<RunStep> steps;
};

struct ConnectorFacts {
  EventMeta meta;
  Timestamp received_at;
  std::optional<std::string> entity;        // the id of the object that the event is about
  std::optional<std::string> skipped = {};  // why it concerns no run
  std::vector<ResumedRun> resumed = {};
  std::vector<RunToStart> started = {};
};

// All rows of a run.
void name_run(const std::string& run, Reads& reads);
void name_reads(const View& view, const ConnectorFacts& facts, Reads& reads);

// A run goes on until it waits or ends, and tells of it: run.started, run.waiting, run.completed, run.timed_out, and what its
// emit steps say, each once. It fails where a wait compares what its first event does not have, with the alert run_failed.
Result<Effects> decide(const View& view, const ConnectorFacts& facts, const Policy& policy);

// A wait ends this much after its deadline: an event that was received before it may be on its way.
inline constexpr Milliseconds kWaitGrace{5'000};

// Ends the wait that the run is in, if its time is up. An event that was received in time and is applied later still resumes the
// run. Ignored otherwise. The rows of the run must be loaded.
Effects decide_time_out(const View& view, const std::string& run, Timestamp now);

// How long the topic tells of a run that has ended: as long as Stripe sends an event again.
inline constexpr Milliseconds kEndedRunsTold = std::chrono::hours{72};

// When the topic is to be told that is to be told now: three days ago, so that it is so by each worker's clock, also one that was set
// back or lies behind a receiver's.
constexpr Timestamp at_once(Timestamp now) { return now - kEndedRunsTold; }

// What the topic `waits` is to be told of the run now; nullopt: that there is no such run.
std::optional<WaitingRun> waiting_run_of(const WorkflowRun& run, Timestamp now);

// What the topic has been told, by run, and which runs could not be read.
struct ToldRuns {
  std::map<std::string, std::optional<WaitingRun>> runs;
  std::vector<std::string> unreadable;
};

void name_reads(const View& view, const ToldRuns& told, Reads& reads);

// Those of which it is not so any more are due again; those that could not be read are at `again`.
Effects decide_published(const View& view, const ToldRuns& told, Timestamp now, Timestamp again);

// The topic tells something else of these runs, or nothing. Those of which it is to be told anyway are left alone.
Effects decide_to_tell_again(const View& view, const std::vector<std::string>& runs, Timestamp now);

// How many runs these effects bring to each status that they did not have.
RunTransitions transitions(const View& view, const Effects& effects);

// A run as clients read it (contract.md, /v1/orgs/{org}/runs).
struct RunView : ObjectId {
  std::optional<std::string> workflow;
  RunStatus status = RunStatus::running;
  std::optional<EventKey> event;
  std::optional<EventKey> resumed_by;
  std::vector<StepView> steps;
  std::optional<WaitingFor> waiting_for;
  bool livemode = false;
  bool operator==(const RunView&) const = default;
};
BOOST_DESCRIBE_STRUCT(RunView, (ObjectId),
                      (workflow, status, event, resumed_by, steps, waiting_for, livemode))

RunView run_view(const WorkflowRun& row);

}  // namespace penstock
