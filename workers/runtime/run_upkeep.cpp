#include "workers/runtime/run_upkeep.h"

#include "common/observe/log.h"
#include "common/ports/append_and_wait.h"
#include "workers/domain/connectors/runs.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr Table kRunsByDueTime = by_due_time<WorkflowRun>("due_at");
constexpr Table kPublicationsByDueTime = by_due_time<RunPublication>("due_at");
constexpr std::size_t kPublishedMax = 500;

const std::string& key_of(const Row& row) { return std::get<std::string>(row.cells.front()); }

Result<ToldRuns> to_tell(Store& store, const std::vector<Row>& due, Timestamp now) {
  ToldRuns told;
  if (due.empty()) return told;
  std::vector<std::string> runs;
  for (const auto& row : due) runs.push_back(key_of(row));
  TRY(const auto rows, store.read(table_of<WorkflowRun>(), runs));
  for (auto& run : runs) told.runs.emplace(std::move(run), std::nullopt);
  for (const auto& row : rows) {
    if (const auto run = from_cells<WorkflowRun>(row.cells)) {
      told.runs[run->id] = waiting_run_of(*run, now);
      continue;
    }
    told.runs.erase(key_of(row));
    told.unreadable.push_back(key_of(row));
  }
  return told;
}

// As often as they are looked at.
void log_unreadable(const std::vector<std::string>& runs) {
  if (runs.empty()) return;
  log::error("runs cannot be read, the topic of waits is not told of them",
             {{"runs", std::to_string(runs.size())}, {"first", runs.front()}});
}

Status tell(EventSink& log, const ToldRuns& told, Milliseconds deadline) {
  auto next = told.runs.begin();
  return append_and_wait(
      log, told.runs.size(),
      [&](std::size_t) {
        const auto& [run, waiting] = *next++;
        const bool gone = !waiting;
        return Record{std::string(kWaitsTopic), run, gone ? std::string() : encode(*waiting), {}, gone};
      },
      deadline);
}

}  // namespace

Result<int> time_out_waits(Store& store, const Clock& clock, WorkerMetrics& metrics) {
  return take_up_due(store, kRunsByDueTime, {}, clock.now() - kWaitGrace, [&](const Row& row) -> Status {
    const auto& run = key_of(row);
    RunTransitions reached;
    TRY_STATUS(carry_out(store, clock,
                         {make_event_key("timer", "run.timed_out:" + run),
                          [&](const View&, Reads& reads) { name_run(run, reads); },
                          [&](const View& view) -> Result<Effects> {
                            auto effects = decide_time_out(view, run, clock.now());
                            reached = transitions(view, effects);
                            return effects;
                          }}));
    metrics.runs_reached(reached);
    return ok();
  });
}

Result<int> publish_waits(Store& store, EventSink& log, const Clock& clock, Milliseconds deadline) {
  const Timestamp now = clock.now();
  TRY(const auto due, due_rows(store, kPublicationsByDueTime, {}, now, kPublishedMax));
  TRY(const auto told, to_tell(store, due, now));
  if (due.empty()) return 0;
  TRY_STATUS(tell(log, told, deadline));
  TRY_STATUS(carry_out(store, clock,
                       {make_event_key("timer", "run.published"),
                        [&](const View& view, Reads& reads) { name_reads(view, told, reads); },
                        [&](const View& view) -> Result<Effects> {
                          return decide_published(view, told, now, now + kUnreadableRunsAgain);
                        }}));
  log_unreadable(told.unreadable);
  return static_cast<int>(told.runs.size());
}

}  // namespace penstock
