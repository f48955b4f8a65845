// Runs from the log to the store and back into the topic `waits`, on both stores: workers and their upkeep against the in-memory log and
// a real store that fails on demand.
#include "workers/runtime/run_upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/ports/append_and_wait.h"
#include "tests/contract/store/harness.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/held_event_log.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/domain/connector_events.h"
#include "workers/domain/connectors/runs.h"
#include "workers/runtime/batch.h"
#include "workers/sources/connectors/connectors.h"

namespace penstock {
namespace {

using ::testing::AllOf;
using testing::CommitFault;
using testing::ConnectorSpec;
using ::testing::ElementsAre;
using testing::emit_step;
using testing::FaultyStore;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::resuming;
using testing::starting;
using ::testing::UnorderedElementsAre;
using testing::wait_step;

constexpr Milliseconds kDeadline{5'000};
const std::string kRun = run_id("acme", "evt_1", "dunning");
const std::string kOtherRun = run_id("acme", "evt_other", "dunning");

class RunUpkeep : public ::testing::TestWithParam<std::string> {
 protected:
  RunUpkeep() : harness_(make_harness(GetParam())), real_store_(harness_->open()), store_(*real_store_) {
    EXPECT_TRUE(real_store_->migrate());
    EXPECT_TRUE(log_.log->create_topics({std::string(kWaitsTopic)}));
  }

  // As a worker that reads these records in one batch.
  Result<std::vector<Settled>> try_to_apply(const std::vector<ConnectorSpec>& specs) {
    std::vector<Incoming> batch;
    for (const auto& spec : specs)
      batch.push_back(identify({{"connectors", Partition{0}, Offset{next_offset_++}},
                                clock_.now(),
                                spec.id,
                                testing::connector_body(spec),
                                testing::connector_headers(spec)}));
    const BatchContext context{store_,   clock_,
                               sources_, policy_,
                               metrics_, [](const std::vector<Incoming*>&) -> Status { return ok(); }};
    return apply_batch(context, batch);
  }
  std::vector<Outcome> apply(const std::vector<ConnectorSpec>& specs) {
    const auto settled = try_to_apply(specs);
    std::vector<Outcome> outcomes;
    EXPECT_TRUE(settled) << settled.error().detail;
    for (const auto& each : settled.value()) outcomes.push_back(each.outcome);
    return outcomes;
  }
  ConnectorSpec starter(std::int64_t timeout_s = 60, const std::string& id = "evt_1") const {
    return {.id = id,
            .type = "invoice.payment_failed",
            .decision = starting(id, {wait_step("invoice.paid", timeout_s), emit_step("action.a")}),
            .received = seconds(clock_.now())};
  }
  ConnectorSpec resumer(std::string id = "evt_2") const {
    return {.id = std::move(id), .decision = resuming(kRun, 1), .received = seconds(clock_.now())};
  }
  static std::int64_t seconds(Timestamp at) { return to_unix_ms(at) / 1000; }

  Result<int> time_out() { return time_out_waits(store_, clock_, metrics_); }
  // The line of /metrics that says it.
  static std::string counted(const std::string& status, int runs) {
    return "penstock_runs_total{status=\"" + status + "\"} " + std::to_string(runs) + "\n";
  }
  Result<int> publish() { return publish_waits(store_, *log_.log, clock_, kDeadline); }
  // What the topic says of each run now.
  std::map<std::string, WaitingRun> topic() { return topic(*log_.log); }
  static RunsInTopic hashes(const std::map<std::string, WaitingRun>& topic) {
    RunsInTopic hashes;
    for (const auto& [run, waiting] : topic)
      hashes.emplace(run, std::hash<std::string_view>()(encode(waiting)));
    return hashes;
  }
  static std::map<std::string, WaitingRun> topic(LogReader& log) {
    std::map<std::string, WaitingRun> runs;
    const auto tail = log.tail(std::string(kWaitsTopic)).value();
    for (;;) {
      const auto batch = tail->next(100, Milliseconds{0}).value();
      for (const auto& record : batch.records) {
        runs.erase(record.key);
        if (!record.deletion) runs.emplace(record.key, decode_waiting_run(record.value).value());
      }
      if (batch.present && batch.records.empty()) return runs;
    }
  }
  std::vector<std::string> runs_told() {
    std::vector<std::string> runs;
    for (const auto& [run, waiting] : topic()) runs.push_back(run);
    return runs;
  }
  std::jthread keep_whole() {
    return std::jthread(
        [this](const std::stop_token& stop) { keep_waits_whole(stop, *log_.log, *real_store_, clock_); });
  }
  // While minutes go by, until the topic tells that.
  void publish_until(const std::map<std::string, WaitingRun>& expected) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (topic() != expected && std::chrono::steady_clock::now() < deadline) {
      EXPECT_TRUE(publish());
      clock_.advance(kWaitsComparedEvery / 100);
    }
    EXPECT_EQ(topic(), expected);
  }
  RunStatus status(const std::string& run = kRun) {
    return from_row<WorkflowRun>(stored<WorkflowRun>(run)).value().status;
  }
  // What was written of the run is of another shape, and what it was.
  Row damage(const std::string& run) {
    const Row whole = stored<WorkflowRun>(run);
    Row damaged = whole;
    for (std::size_t i = 0; i < damaged.cells.size(); ++i)
      if (table_of<WorkflowRun>().columns[i].name == "steps") damaged.cells[i] = std::string("{}");
    write(damaged);
    return whole;
  }
  void mend(const Row& whole) {
    Row mended = whole;
    mended.rev = stored<WorkflowRun>(std::get<std::string>(whole.cells.front())).rev;
    write(mended);
  }
  void write(const Row& run) {
    auto batch = real_store_->begin().value();
    EXPECT_TRUE(batch->load(
        std::vector{TableKeys{&table_of<WorkflowRun>(), {std::get<std::string>(run.cells.front())}}}));
    EXPECT_TRUE(batch->commit(std::vector{TableRows{&table_of<WorkflowRun>(), {run}}}));
  }
  template <class R>
  Row stored(const std::string& key) {
    return real_store_->read(table_of<R>(), std::vector{key}).value().at(0);
  }
  std::vector<std::string> told() {
    std::vector<std::string> types;
    const auto rows = real_store_->list(table_of<OutboxRow>(), {.limit = 100});
    for (const auto& row : rows.value()) types.push_back(from_row<OutboxRow>(row).value().type);
    std::sort(types.begin(), types.end());
    return types;
  }

  std::unique_ptr<StoreHarness> harness_;
  ManualClock clock_;
  MemoryEventLog log_ = open_memory_log({.partitions = 2}, clock_);
  std::unique_ptr<StoreAdapter> real_store_;
  FaultyStore store_;
  const Sources sources_{{connector_source()}};
  Policy policy_;
  Metrics registry_;
  WorkerMetrics metrics_{registry_};
  std::int64_t next_offset_ = 0;
};
PENSTOCK_EVERY_STORE(RunUpkeep);

TEST_P(RunUpkeep, TheTopicIsToldOfARunThatWaitsAndOfItsEnd) {
  apply({starter()});
  EXPECT_EQ(publish().value(), 1);
  ASSERT_EQ(topic().size(), 1U);
  EXPECT_EQ(topic().at(kRun).waits[0].state, WaitState::open);
  EXPECT_EQ(publish().value(), 0) << "it is told once";
  clock_.advance(Milliseconds{1'000});
  apply({resumer()});
  EXPECT_EQ(publish().value(), 1);
  EXPECT_THAT(topic().at(kRun).waits[0].satisfied_by, ElementsAre("org/acme:evt_2"));

  clock_.advance(kEndedRunsTold - Milliseconds{1'001});
  EXPECT_EQ(publish().value(), 0);
  EXPECT_EQ(topic().size(), 1U);
  clock_.advance(Milliseconds{1'001});
  EXPECT_EQ(publish().value(), 1);
  EXPECT_THAT(topic(), IsEmpty());
  EXPECT_EQ(publish().value(), 0);
}

TEST_P(RunUpkeep, ALogThatDoesNotAcknowledgeIsToldAgain) {
  apply({starter()});
  fakes::HeldEventLog away;
  EXPECT_FALSE(publish_waits(store_, away, clock_, Milliseconds{1}));
  EXPECT_EQ(publish().value(), 1);
  EXPECT_EQ(topic().size(), 1U);
}

// As a crash between the acknowledgement and the commit.
TEST_P(RunUpkeep, WhatIsNotNotedAsToldIsToldAgain) {
  apply({starter()});
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::unavailable, "gone"});
  EXPECT_FALSE(publish());
  EXPECT_EQ(topic().size(), 1U);
  EXPECT_EQ(publish().value(), 1);
  EXPECT_EQ(publish().value(), 0);
}

TEST_P(RunUpkeep, AWaitTimesOutOnce) {
  apply({starter(60)});
  clock_.advance(std::chrono::seconds{60} + kWaitGrace - Milliseconds{1});
  EXPECT_EQ(time_out().value(), 0);
  EXPECT_EQ(status(), RunStatus::waiting);
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(time_out().value(), 1);
  EXPECT_EQ(status(), RunStatus::timed_out);
  EXPECT_EQ(time_out().value(), 0);
  EXPECT_THAT(told(), ElementsAre("run.started", "run.timed_out", "run.waiting"));
  EXPECT_EQ(publish().value(), 1);
  EXPECT_EQ(topic().at(kRun).waits[0].state, WaitState::timed_out);
}

TEST_P(RunUpkeep, AnEventThatCameInTimeHoldsOverATimeOut) {
  apply({starter(60)});
  const ConnectorSpec in_time = resumer();
  clock_.advance(std::chrono::seconds{3'600});
  time_out().value();
  apply({in_time});
  EXPECT_EQ(status(), RunStatus::completed);
  EXPECT_EQ(time_out().value(), 0);
}

TEST_P(RunUpkeep, RunsAreCountedByTheStatusThatTheyComeTo) {
  EXPECT_THAT(registry_.exposition(), HasSubstr(counted("failed", 0)));
  apply({starter(), starter(60, "evt_other")});
  apply({starter()});
  EXPECT_THAT(registry_.exposition(), HasSubstr(counted("waiting", 2))) << "a duplicate counts nothing";
  apply({resumer()});
  EXPECT_THAT(registry_.exposition(), HasSubstr(counted("completed", 1)));
  clock_.advance(std::chrono::seconds{60} + kWaitGrace);
  EXPECT_EQ(time_out().value(), 1);
  EXPECT_THAT(registry_.exposition(),
              AllOf(HasSubstr(counted("timed_out", 1)), HasSubstr(counted("waiting", 2)),
                    HasSubstr(counted("completed", 1)), HasSubstr(counted("running", 0))));
}

TEST_P(RunUpkeep, WhatIsNotCommittedIsNotCounted) {
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::unavailable, "gone"});
  EXPECT_FALSE(try_to_apply({starter()}));
  EXPECT_THAT(registry_.exposition(), HasSubstr(counted("waiting", 0)));
  apply({starter()});
  clock_.advance(std::chrono::seconds{60} + kWaitGrace);
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::unavailable, "gone"});
  EXPECT_FALSE(time_out());
  EXPECT_THAT(registry_.exposition(), HasSubstr(counted("timed_out", 0)));
}

TEST_P(RunUpkeep, OfSeveralRecordsOfAnEventTheFirstIsCarriedOut) {
  ConnectorSpec later = starter();
  later.decision = starting("evt_1", {emit_step("action.b")}, "another");
  EXPECT_THAT(apply({starter(), later}), ElementsAre(Outcome::applied, Outcome::duplicate));
  EXPECT_THAT(apply({later}), ElementsAre(Outcome::duplicate));
  EXPECT_EQ(real_store_->list(table_of<WorkflowRun>(), {}).value().size(), 1U);
}

TEST_P(RunUpkeep, TheEventThatResumesMayComeFirstInABatchOrBefore) {
  EXPECT_THAT(apply({resumer(), starter()}), ElementsAre(Outcome::applied, Outcome::applied));
  EXPECT_EQ(status(), RunStatus::completed);
  EXPECT_THAT(told(), ElementsAre("action.a", "run.completed", "run.started"));
}

// One that is mended is told within a minute, and holds nobody up until then.
TEST_P(RunUpkeep, ARunThatCannotBeReadKeepsNoOtherFromBeingTold) {
  apply({starter()});
  clock_.advance(Milliseconds{1'000});
  apply({starter(60, "evt_other")});
  const Row whole = damage(kRun);
  EXPECT_EQ(publish().value(), 1);
  EXPECT_THAT(runs_told(), ElementsAre(kOtherRun));
  EXPECT_EQ(publish().value(), 0) << "it is not looked at all the time";
  mend(whole);
  clock_.advance(kUnreadableRunsAgain);
  EXPECT_EQ(publish().value(), 1);
  EXPECT_THAT(runs_told(), UnorderedElementsAre(kRun, kOtherRun));
  EXPECT_EQ(publish().value(), 0);
}

TEST_P(RunUpkeep, AsManyRunsThatCannotBeReadAsAreToldAtOnceKeepNoOtherFromBeingTold) {
  std::vector<ConnectorSpec> many;
  for (int n = 0; n < 501; ++n) many.push_back(starter(60, "evt_" + std::to_string(n)));
  apply(many);
  for (int n = 0; n < 501; ++n) damage(run_id("acme", "evt_" + std::to_string(n), "dunning"));
  clock_.advance(Milliseconds{1'000});
  apply({starter(60, "evt_other")});
  EXPECT_EQ(publish().value(), 0);
  EXPECT_EQ(publish().value(), 1);
  EXPECT_THAT(runs_told(), ElementsAre(kOtherRun));
}

// As an operator may do it with one that cannot be mended.
TEST_P(RunUpkeep, TheTopicIsToldThatARunIsGone) {
  apply({starter()});
  EXPECT_EQ(publish().value(), 1);
  clock_.advance(Milliseconds{1'000});
  apply({resumer()});
  real_store_.reset();
  harness_->execute("DELETE FROM runs");
  real_store_ = harness_->open();
  FaultyStore store(*real_store_);
  EXPECT_EQ(publish_waits(store, *log_.log, clock_, kDeadline).value(), 1);
  EXPECT_THAT(topic(), IsEmpty());
  EXPECT_EQ(publish_waits(store, *log_.log, clock_, kDeadline).value(), 0);
}

TEST_P(RunUpkeep, RunsThatCannotBeReadKeepNoOtherWaitFromTimingOut) {
  std::vector<ConnectorSpec> many;
  for (int n = 0; n < 51; ++n) many.push_back(starter(59, "evt_" + std::to_string(n)));
  apply(many);
  for (int n = 0; n < 51; ++n) damage(run_id("acme", "evt_" + std::to_string(n), "dunning"));
  apply({starter(60, "evt_other")});
  clock_.advance(std::chrono::seconds{60} + kWaitGrace);
  EXPECT_FALSE(time_out()) << "it says so";
  EXPECT_EQ(status(kOtherRun), RunStatus::timed_out);
}

// Receivers' clocks lie ahead of a worker's, or a worker's was set back.
TEST_P(RunUpkeep, AClockThatIsSetBackKeepsNoRunFromBeingTold) {
  apply({starter()});
  clock_.advance(-std::chrono::hours{1});
  EXPECT_EQ(publish().value(), 1);
  apply({resumer()});
  clock_.advance(-std::chrono::hours{1});
  EXPECT_EQ(publish().value(), 1);
  EXPECT_THAT(topic().at(kRun).waits[0].satisfied_by, ElementsAre("org/acme:evt_2"));
}

TEST_P(RunUpkeep, WhatTheTopicLacksIsToldAgain) {
  apply({starter(), starter(60, "evt_other"), starter(60, "evt_whole")});
  clock_.advance(Milliseconds{1'000});
  apply({resumer()});
  EXPECT_EQ(publish().value(), 3);
  const auto whole = topic();
  EXPECT_EQ(mend_waits(store_, clock_, hashes(whole)).value(), 0);
  EXPECT_EQ(publish().value(), 0);

  auto damaged = whole;
  damaged.erase(kRun);  // one that has ended
  damaged.at(kOtherRun).waits[0].deadline = {};
  EXPECT_EQ(mend_waits(store_, clock_, hashes(damaged)).value(), 2);
  EXPECT_EQ(mend_waits(store_, clock_, hashes(damaged)).value(), 0) << "it is to be told already";
  EXPECT_EQ(publish().value(), 2);
  EXPECT_EQ(topic(), whole);
}

TEST_P(RunUpkeep, MoreRunsThanOnePageAreComparedWithTheTopic) {
  std::vector<ConnectorSpec> many;
  for (int n = 0; n < 1'001; ++n) many.push_back(starter(60, "evt_" + std::to_string(n)));
  apply(many);
  while (publish().value() > 0) {
  }
  EXPECT_EQ(mend_waits(store_, clock_, {}).value(), 1'001);
}

TEST_P(RunUpkeep, ATopicThatIsMadeAnewIsToldOfAllRuns) {
  apply({starter(), starter(60, "evt_other")});
  EXPECT_EQ(publish().value(), 2);
  const auto whole = topic();
  log_ = open_memory_log({.partitions = 2}, clock_);
  EXPECT_TRUE(log_.log->create_topics({std::string(kWaitsTopic)}));
  const auto keeper = keep_whole();
  publish_until(whole);
}

TEST_P(RunUpkeep, AStoreThatIsAwayWhenTheTopicIsComparedIsSaidOnce) {
  apply({starter()});
  store_.set_available(false);
  ::testing::internal::CaptureStderr();
  {
    const std::jthread keeper(
        [this](const std::stop_token& stop) { keep_waits_whole(stop, *log_.log, store_, clock_); });
    EXPECT_TRUE(store_.wait_until_asked(3));
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  store_.set_available(true);
  const std::string_view line = "the topic of waits cannot be compared with the store now";
  const auto first = said.find(line);
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find(line, first + 1), std::string::npos) << said;
}

// As by a worker that was held up while another told of the run, and died.
TEST_P(RunUpkeep, WhatIsToldTooLateIsToldAgainWithinMinutes) {
  apply({starter()});
  EXPECT_EQ(publish().value(), 1);
  const auto before = topic().at(kRun);
  apply({resumer()});
  EXPECT_EQ(publish().value(), 1);
  const auto whole = topic();
  const auto keeper = keep_whole();
  EXPECT_TRUE(append_and_wait(
      *log_.log, 1,
      [&](std::size_t) {
        return Record{std::string(kWaitsTopic), kRun, encode(before), {}, false};
      },
      kDeadline));
  publish_until(whole);
}

}  // namespace
}  // namespace penstock
