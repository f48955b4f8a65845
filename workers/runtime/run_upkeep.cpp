#include "workers/runtime/run_upkeep.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "common/observe/log.h"
#include "common/ports/append_and_wait.h"
#include "common/tables/follow.h"
#include "workers/domain/connectors/runs.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr Table kRunsByDueTime = by_due_time<WorkflowRun>("due_at");
constexpr Table kPublicationsByDueTime = by_due_time<RunPublication>("due_at");
constexpr std::size_t kPublishedMax = 500;
constexpr Milliseconds kTopicPoll{1'000};

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

// Of a record of the topic.
std::size_t hash_of(std::string_view value) { return std::hash<std::string_view>()(value); }

std::optional<std::size_t> hash_in(const RunsInTopic& in_topic, const std::string& run) {
  const auto found = in_topic.find(run);
  return found == in_topic.end() ? std::nullopt : std::optional(found->second);
}

// Those of these runs of which the topic tells something else.
Result<std::vector<std::string>> told_otherwise(Store& store, const std::vector<Row>& named, Timestamp now,
                                                const RunsInTopic& in_topic) {
  std::vector<std::string> otherwise;
  TRY(const auto told, to_tell(store, named, now));
  for (const auto& [run, waiting] : told.runs) {
    const auto expected = waiting ? std::optional(hash_of(encode(*waiting))) : std::nullopt;
    if (hash_in(in_topic, run) != expected) otherwise.push_back(run);
  }
  return otherwise;
}

// How many of them were not to be told of anyway.
Result<int> tell_again(Store& store, const Clock& clock, const std::vector<std::string>& runs) {
  if (runs.empty()) return 0;
  TRY(const auto effects, carry_out(store, clock,
                                    {make_event_key("timer", "run.published"),
                                     [&](const View&, Reads& reads) {
                                       for (const auto& run : runs) reads.want<RunPublication>(run);
                                     },
                                     [&](const View& view) -> Result<Effects> {
                                       return decide_to_tell_again(view, runs, clock.now());
                                     }}));
  return static_cast<int>(std::get<TypedRows<RunPublication>>(effects.changed).rows.size());
}

// What the topic says of a run. nullopt: that it is gone.
struct InTopic {
  std::string run;
  std::optional<std::size_t> hash;
};

// What keep_waits_whole() knows, on its thread.
class WaitsWatch {
 public:
  WaitsWatch(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  void take(const TailBatch& batch) {
    const auto update = told_.take(batch, [](const StoredRecord& record) -> InTopic {
      return {record.key, record.deletion ? std::nullopt : std::optional(hash_of(record.value))};
    });
    if (!update) return;
    if (update->whole) {
      in_topic_.clear();
      compare_at_ = clock_.uptime();
    }
    for (const auto& each : update->changes) note(each);
  }

  // If it is time to. Until it succeeds, each time that it is called.
  void compare() {
    if (!compare_at_ || *compare_at_ > clock_.uptime()) return;
    const auto mended = mend_waits(store_, clock_, in_topic_);
    if (!mended && !std::exchange(failing_, true))
      log::warn("the topic of waits cannot be compared with the store now",
                {{"detail", mended.error().detail}});
    if (!mended) return;
    failing_ = false;
    if (mended.value() > 0)
      log::warn("the topic of waits lacks runs or tells otherwise of them, they are told again",
                {{"runs", mended.value()}});
    compare_at_ = clock_.uptime() + kWaitsComparedEvery;
  }

 private:
  void note(const InTopic& each) {
    if (each.hash)
      in_topic_.insert_or_assign(each.run, *each.hash);
    else
      in_topic_.erase(each.run);
  }

  Store& store_;
  const Clock& clock_;
  Told<InTopic> told_;
  RunsInTopic in_topic_;
  bool failing_ = false;
  std::optional<Milliseconds> compare_at_;  // none: not all of the topic has been read yet
};

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

Result<int> mend_waits(Store& store, const Clock& clock, const RunsInTopic& in_topic) {
  int mended = 0;
  // Those that wait, and those that have ended or are to be told of.
  for (const Table* table : {&kRunsByDueTime, &kPublicationsByDueTime}) {
    TRY_STATUS(visit_scheduled(store, *table, [&](const std::vector<Row>& rows) -> Status {
      TRY(const auto otherwise, told_otherwise(store, rows, clock.now(), in_topic));
      TRY(const int again, tell_again(store, clock, otherwise));
      mended += again;
      return ok();
    }));
  }
  return mended;
}

void keep_waits_whole(const std::stop_token& stop, LogReader& log, Store& store, const Clock& clock) {
  WaitsWatch watch(store, clock);
  follow(stop, log, {std::string(kWaitsTopic), kTopicPoll},
         {.take = [&](const TailBatch& batch) { watch.take(batch); },
          .note_contact = [](const Status&) {},
          .after_poll = [&] { watch.compare(); }});
}

}  // namespace penstock
