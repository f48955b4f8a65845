#include "workers/domain/connectors/runs.h"

#include <algorithm>

#include "common/core/check.h"
#include "common/core/org.h"
#include "common/json/codec.h"
#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

// Events that are decided about before the ingress has heard that the run goes on. The earliest are kept, so that it is the same
// ones in every order.
constexpr std::size_t kResumptionsMax = 8;

WorkflowRun known_or_new(const View& view, const std::string& id, const EventMeta& meta) {
  if (const WorkflowRun* known = view.find<WorkflowRun>(id)) return *known;
  WorkflowRun run;
  run.id = id;
  run.org = name_of_org(meta.org);
  run.livemode = meta.livemode;
  return run;
}

WaitOutcome& outcome_to_change(WorkflowRun& run, std::int64_t step) {
  const auto place = std::lower_bound(run.waits.begin(), run.waits.end(), step,
                                      [](const WaitOutcome& each, std::int64_t n) { return each.step < n; });
  if (place != run.waits.end() && place->step == step) return *place;
  return *run.waits.insert(place, WaitOutcome{step, {}, false});
}

void resume(WorkflowRun& run, std::int64_t step, const Resumption& resumption) {
  auto& resumed = outcome_to_change(run, step).resumed;
  const auto place = std::lower_bound(resumed.begin(), resumed.end(), resumption);
  if (place != resumed.end() && *place == resumption) return;
  resumed.insert(place, resumption);
  if (resumed.size() > kResumptionsMax) resumed.pop_back();
}

void start(WorkflowRun& run, const RunToStart& begun, const ConnectorFacts& facts) {
  if (is_started(run)) return;
  run.workflow = begun.workflow;
  run.event = facts.meta.key;
  run.started_at = facts.received_at;
  run.entity = facts.entity;
  run.steps = begun.steps;
}

bool has_come_to(const Progress& progress, std::size_t step) noexcept {
  return step < progress.steps.size() && progress.steps[step].status != StepStatus::pending;
}

WaitState state_of(StepStatus status) noexcept {
  if (status == StepStatus::completed) return WaitState::satisfied;
  return status == StepStatus::waiting ? WaitState::open : WaitState::timed_out;
}

Wait wait_of(const WorkflowRun& run, const Progress& progress, const StepView& view) {
  const RunStep& step = run.steps[static_cast<std::size_t>(view.n - 1)];
  const bool open = view.status == StepStatus::waiting;
  Wait wait{view.n,
            state_of(view.status),
            step.wait->event_type,
            step.wait->match,
            *step.value,
            open ? progress.waiting_for->until : *view.at,
            {}};
  if (const auto* outcome = outcome_of(run, view.n))
    for (const auto& each : outcome->resumed) wait.satisfied_by.push_back(each.event.value);
  return wait;
}

// Those that the run has come to.
std::vector<Wait> waits_of(const WorkflowRun& run, const Progress& progress) {
  std::vector<Wait> waits;
  for (const auto& view : progress.steps) {
    const bool compares = view.kind == StepKind::wait && view.status != StepStatus::failed;
    if (compares && view.status != StepStatus::pending) waits.push_back(wait_of(run, progress, view));
  }
  return waits;
}

// How a run has changed, and what is to be told of it.
class Change {
 public:
  Change(Effects& effects, const WorkflowRun& before, WorkflowRun& after, const EventKey& by)
      : effects_(effects),
        run_(after),
        by_(by),
        was_started_(is_started(before)),
        was_(progress_of(before)),
        is_(progress_of(after)),
        told_before_(waits_of(before, was_)) {}

  // `at`: when what changed it was received, or noticed.
  void settle(Timestamp at) {
    run_.status = is_.status;
    run_.due_at = is_.waiting_for ? std::optional(is_.waiting_for->until) : std::nullopt;
    if (waits_of(run_, is_) != told_before_) effects_.put(RunPublication{run_.id, at_once(at)});
    if (!is_started(run_)) return;
    if (!was_started_) tell("run.started", {});
    for (std::size_t i = 0; i < is_.steps.size(); ++i)
      if (has_come_to(is_, i) && !has_come_to(was_, i)) come_to(i);
    tell_status();
  }

 private:
  void come_to(std::size_t i) {
    const auto& emit = run_.steps[i].emit;
    if (!emit) return;
    const std::string step = std::to_string(i + 1);
    json::Writer data;
    data.begin_object().key("run").string(run_.id).key("workflow").string(*run_.workflow);
    data.key("step").integer(static_cast<std::int64_t>(i + 1)).key("event").string(run_.event->value);
    json::encode(data.key("entity"), run_.entity);
    json::encode(data.key("resumed_by"), is_.resumed_by);
    json::encode(data.key("livemode"), run_.livemode);
    data.end_object();
    enqueue(emit->type, "emit:" + run_.id + ":" + step, std::move(data).text());
  }

  void tell_status() {
    const bool is_new = was_.status != is_.status || was_.waiting_step != is_.waiting_step;
    if (!is_new) return;
    switch (is_.status) {
      case RunStatus::running:
        return;
      case RunStatus::waiting:
        return tell("run.waiting", std::to_string(is_.waiting_step));
      case RunStatus::completed:
        return tell("run.completed", {});
      case RunStatus::timed_out:
        return tell("run.timed_out", {});
      case RunStatus::failed:
        return raise_alert(effects_, scope(), failure(), by_);
    }
  }

  AlertText failure() const {
    const auto step = std::find_if(is_.steps.begin(), is_.steps.end(),
                                   [](const StepView& each) { return each.status == StepStatus::failed; });
    return {"run_failed", run_.id,
            "A run of workflow " + *run_.workflow + " of org " + run_.org + " cannot wait in step " +
                std::to_string(step->n) + ": its first event has no value at " +
                run_.steps[static_cast<std::size_t>(step->n - 1)].wait->match};
  }

  void tell(std::string_view type, const std::string& occasion) {
    enqueue(type, std::string(type) + ":" + run_.id + ":" + occasion, json::to_text(run_view(run_)));
  }

  void enqueue(std::string_view type, const std::string& cause, std::string data) {
    enqueue_outbound(effects_, scope(), type, cause, by_, std::move(data));
  }

  Scope scope() const { return {run_.livemode, {}, org_of_name(run_.org)}; }

  Effects& effects_;
  WorkflowRun& run_;
  const EventKey& by_;
  const bool was_started_;
  const Progress was_, is_;
  const std::vector<Wait> told_before_;
};

// Puts the run, if it has changed.
void put_changed(Effects& effects, const View& view, WorkflowRun after, const EventKey& by, Timestamp at) {
  const WorkflowRun* known = view.find<WorkflowRun>(after.id);
  const WorkflowRun before = known != nullptr ? *known : WorkflowRun{};
  if (known != nullptr && before == after) return;
  Change(effects, before, after, by).settle(at);
  effects.put(std::move(after));
}

// When the topic, which has been told that of the run, is to be told of it again. nullptr: there is no such run any more.
std::optional<Timestamp> next_told_at(const WorkflowRun* run, const std::optional<WaitingRun>& told,
                                      Timestamp now) {
  if ((run != nullptr ? waiting_run_of(*run, now) : std::nullopt) != told) return at_once(now);
  const auto ended_at = told ? progress_of(*run).ended_at : std::nullopt;
  return ended_at ? std::optional(*ended_at + kEndedRunsTold) : std::nullopt;
}

}  // namespace

void name_run(const std::string& run, Reads& reads) {
  reads.want<WorkflowRun>(run);
  reads.want<RunPublication>(run);
}

void name_reads(const View&, const ConnectorFacts& facts, Reads& reads) {
  for (const auto& each : facts.resumed) name_run(each.run, reads);
  for (const auto& each : facts.started) name_run(each.run, reads);
}

Result<Effects> decide(const View& view, const ConnectorFacts& facts, const Policy&) {
  Effects effects;
  if (facts.skipped) {
    effects.reason = facts.skipped;
    return effects;
  }
  for (const auto& each : facts.resumed) {
    WorkflowRun run = known_or_new(view, each.run, facts.meta);
    resume(run, each.step, {facts.received_at, facts.meta.key});
    put_changed(effects, view, std::move(run), facts.meta.key, facts.received_at);
  }
  for (const auto& each : facts.started) {
    WorkflowRun run = known_or_new(view, each.run, facts.meta);
    start(run, each, facts);
    put_changed(effects, view, std::move(run), facts.meta.key, facts.received_at);
  }
  effects.outcome = effects.touched.empty() ? Outcome::duplicate : Outcome::applied;
  return effects;
}

Effects decide_time_out(const View& view, const std::string& run, Timestamp now) {
  Effects effects;
  const WorkflowRun* known = view.find<WorkflowRun>(run);
  if (known == nullptr || !known->due_at || *known->due_at + kWaitGrace > now) return effects;
  WorkflowRun after = *known;
  const std::int64_t step = progress_of(after).waiting_step;
  outcome_to_change(after, step).timed_out = true;
  const EventKey by = make_event_key("timer", "run.timed_out:" + run + ":" + std::to_string(step));
  put_changed(effects, view, std::move(after), by, now);
  effects.outcome = Outcome::applied;
  return effects;
}

std::optional<WaitingRun> waiting_run_of(const WorkflowRun& run, Timestamp now) {
  const Progress progress = progress_of(run);
  if (!is_started(run) || (progress.ended_at && *progress.ended_at + kEndedRunsTold <= now))
    return std::nullopt;
  return WaitingRun{run.id, run.org, *run.workflow, run.livemode, run.event->value, waits_of(run, progress)};
}

void name_reads(const View&, const ToldRuns& told, Reads& reads) {
  for (const auto& [run, waiting] : told.runs) name_run(run, reads);
  for (const auto& run : told.unreadable) reads.want<RunPublication>(run);
}

Effects decide_published(const View& view, const ToldRuns& told, Timestamp now, Timestamp again) {
  Effects effects;
  const auto put = [&](RunPublication publication) {
    const auto* known = view.find<RunPublication>(publication.run);
    if (known == nullptr || *known != publication) effects.put(std::move(publication));
  };
  for (const auto& [id, waiting] : told.runs)
    put({id, next_told_at(view.find<WorkflowRun>(id), waiting, now)});
  for (const auto& id : told.unreadable) put({id, again});
  return effects;
}

Effects decide_to_tell_again(const View& view, const std::vector<std::string>& runs, Timestamp now) {
  Effects effects;
  for (const auto& run : runs) {
    const auto* known = view.find<RunPublication>(run);
    if (known == nullptr || !known->due_at || *known->due_at > now)
      effects.put(RunPublication{run, at_once(now)});
  }
  return effects;
}

RunTransitions transitions(const View& view, const Effects& effects) {
  RunTransitions reached;
  for (const auto& run : std::get<TypedRows<WorkflowRun>>(effects.changed).rows) {
    const WorkflowRun* before = view.find<WorkflowRun>(run.id);
    if (before == nullptr || before->status != run.status) ++reached[run.status];
  }
  return reached;
}

RunView run_view(const WorkflowRun& row) {
  Progress progress = progress_of(row);
  RunView view;
  view.id = row.id;
  view.workflow = row.workflow;
  view.status = progress.status;
  view.event = row.event;
  view.resumed_by = std::move(progress.resumed_by);
  view.steps = std::move(progress.steps);
  view.waiting_for = std::move(progress.waiting_for);
  view.livemode = row.livemode;
  return view;
}

}  // namespace penstock
