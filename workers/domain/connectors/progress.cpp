#include "workers/domain/connectors/progress.h"

#include <algorithm>

namespace penstock {
namespace {

// Goes through the steps of a run that was started, until one keeps it.
class Walk {
 public:
  explicit Walk(const WorkflowRun& run) : run_(run), at_(*run.started_at), by_(*run.event) {}

  Progress go() && {
    bool goes_on = true;
    for (const auto& step : run_.steps) {
      StepView view{number(), step.wait ? StepKind::wait : StepKind::emit, StepStatus::pending, {}, {}};
      if (goes_on) goes_on = step.wait ? wait(step, view) : come_to(view, StepStatus::completed);
      made_.steps.push_back(std::move(view));
    }
    if (goes_on) end(RunStatus::completed);
    return std::move(made_);
  }

 private:
  std::int64_t number() const { return static_cast<std::int64_t>(made_.steps.size()) + 1; }

  // False: the run goes no further.
  bool come_to(StepView& view, StepStatus status) const {
    view.status = status;
    view.at = at_;
    view.event = by_;
    return status == StepStatus::completed;
  }

  bool wait(const RunStep& step, StepView& view) {
    if (!step.value) {
      end(RunStatus::failed);
      return come_to(view, StepStatus::failed);
    }
    const WaitOutcome* outcome = outcome_of(run_, view.n);
    if (outcome != nullptr && !outcome->resumed.empty()) return resume(outcome->resumed.front(), view);
    const Timestamp until = at_ + std::chrono::seconds{step.wait->timeout_s};
    if (outcome == nullptr || !outcome->timed_out) {
      made_.status = RunStatus::waiting;
      made_.waiting_for = {step.wait->event_type, step.wait->match, until};
      made_.waiting_step = view.n;
      return come_to(view, StepStatus::waiting);
    }
    at_ = until;
    end(RunStatus::timed_out);
    come_to(view, StepStatus::timed_out);
    view.event.reset();
    return false;
  }

  bool resume(const Resumption& resumption, StepView& view) {
    at_ = std::max(at_, resumption.at);  // receivers' clocks differ
    by_ = resumption.event;
    made_.resumed_by = by_;
    return come_to(view, StepStatus::completed);
  }

  void end(RunStatus status) {
    made_.status = status;
    made_.ended_at = at_;
  }

  const WorkflowRun& run_;
  Timestamp at_;
  EventKey by_;
  Progress made_;
};

}  // namespace

bool is_started(const WorkflowRun& run) noexcept { return run.event && run.started_at && run.workflow; }

Progress progress_of(const WorkflowRun& run) {
  if (!is_started(run)) return {};
  return Walk(run).go();
}

const WaitOutcome* outcome_of(const WorkflowRun& run, std::int64_t step) noexcept {
  const auto found = std::find_if(run.waits.begin(), run.waits.end(),
                                  [step](const WaitOutcome& each) { return each.step == step; });
  return found == run.waits.end() ? nullptr : &*found;
}

}  // namespace penstock
