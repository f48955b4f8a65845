#include "workers/domain/connectors/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/connector_events.h"
#include "workers/sources/connectors/connectors.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kRun = run_id("acme", "evt_1", "dunning");
const std::vector<Step> kSteps{emit_step("action.remind"), wait_step("invoice.paid"),
                               emit_step("action.thank")};

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }
const Timestamp kAgain = at(9999);

ConnectorSpec starter(std::vector<Step> steps = kSteps) {
  return {.id = "evt_1", .type = "invoice.payment_failed", .decision = starting("evt_1", std::move(steps))};
}
ConnectorSpec resumer(const std::string& id = "evt_2", std::int64_t step = 2, std::int64_t received = 1030) {
  return {.id = id, .decision = resuming(kRun, step), .received = received};
}

class Runs : public ::testing::Test {
 protected:
  Outcome run(const ConnectorSpec& spec) { return world_.run(connector_event(spec)); }
  // As one that the inbox has forgotten.
  Outcome run_anew(const ConnectorSpec& spec) {
    const auto event = connector_event(spec);
    const auto& facts = std::get<ConnectorFacts>(event.facts.value());
    return world_
        .carry_out(
            event.key, [&](const View& view, Reads& reads) { name_reads(view, facts, reads); },
            [&](const View& view) { return decide(view, facts, world_.policy()); })
        .value()
        .outcome;
  }
  RunView view() const { return run_view(*world_.find<WorkflowRun>(kRun)); }
  Outcome time_out(Timestamp now) {
    return world_
        .carry_out(
            {"timer:1"}, [](const View&, Reads& reads) { name_run(kRun, reads); },
            [&](const View& view) -> Result<Effects> { return decide_time_out(view, kRun, now); })
        .value()
        .outcome;
  }
  void publish(std::optional<WaitingRun> told, Timestamp now) {
    publish({{{kRun, std::move(told)}}, {}}, now);
  }
  void publish(const ToldRuns& told, Timestamp now) {
    EXPECT_TRUE(world_.carry_out(
        {"timer:2"}, [&](const View& view, Reads& reads) { name_reads(view, told, reads); },
        [&](const View& view) -> Result<Effects> { return decide_published(view, told, now, kAgain); }));
  }
  std::optional<WaitingRun> waiting(Timestamp now = at(1000)) const {
    return waiting_run_of(*world_.find<WorkflowRun>(kRun), now);
  }
  std::optional<Timestamp> publication() const { return world_.find<RunPublication>(kRun)->due_at; }
  // Types, in the order of their names.
  std::vector<std::string> told() const {
    std::vector<std::string> types;
    for (const auto& row : world_.all<OutboxRow>()) types.push_back(row.type);
    std::sort(types.begin(), types.end());
    return types;
  }

  World world_;
};

TEST_F(Runs, ARunOfEmitStepsIsCompletedAtOnce) {
  EXPECT_EQ(run(starter({emit_step("action.a"), emit_step("action.b")})), Outcome::applied);
  EXPECT_EQ(view().status, RunStatus::completed);
  EXPECT_THAT(told(), ElementsAre("action.a", "action.b", "run.completed", "run.started"));
  for (const auto& row : world_.all<OutboxRow>()) EXPECT_EQ(row.org, "acme");
  EXPECT_THAT(world_.all<RunPublication>(), IsEmpty()) << "it waits for nothing";
}

TEST_F(Runs, ARunWaitsUntilItIsResumed) {
  run(starter());
  EXPECT_EQ(view().status, RunStatus::waiting);
  EXPECT_EQ(view().waiting_for, (WaitingFor{"invoice.paid", "/data/object/customer", at(1060)}));
  EXPECT_EQ(view().steps[0].status, StepStatus::completed);
  EXPECT_EQ(view().steps[1].status, StepStatus::waiting);
  EXPECT_EQ(view().steps[2].status, StepStatus::pending);
  EXPECT_THAT(told(), ElementsAre("action.remind", "run.started", "run.waiting"));

  EXPECT_EQ(run(resumer()), Outcome::applied);
  EXPECT_EQ(view().status, RunStatus::completed);
  EXPECT_EQ(view().resumed_by, EventKey{"org/acme:evt_2"});
  EXPECT_EQ(view().steps[2],
            (StepView{3, StepKind::emit, StepStatus::completed, at(1030), EventKey{"org/acme:evt_2"}}));
  EXPECT_FALSE(view().waiting_for);
  EXPECT_THAT(told(),
              ElementsAre("action.remind", "action.thank", "run.completed", "run.started", "run.waiting"));
}

TEST_F(Runs, TheEventThatResumesMayBeAppliedFirst) {
  run(resumer());
  EXPECT_FALSE(world_.find<WorkflowRun>(kRun)->event) << "nobody has started it yet";
  EXPECT_THAT(told(), IsEmpty());
  run(starter());
  EXPECT_EQ(view().status, RunStatus::completed);
  EXPECT_EQ(view().resumed_by, EventKey{"org/acme:evt_2"});
}

TEST_F(Runs, WhatIsSkippedIsIgnoredWithItsReason) {
  EXPECT_EQ(run({.id = "evt_1", .decision = {.reason = "no_subscriber"}}), Outcome::ignored);
  EXPECT_EQ(world_.reason(), "no_subscriber");
  EXPECT_THAT(world_.all<WorkflowRun>(), IsEmpty());
}

TEST_F(Runs, AWaitForWhatTheFirstEventDoesNotHaveFailsTheRun) {
  ConnectorSpec spec = starter();
  spec.customer = "";
  run(spec);
  EXPECT_EQ(view().status, RunStatus::failed);
  EXPECT_EQ(view().steps[1].status, StepStatus::failed);
  ASSERT_EQ(world_.all<Alert>().size(), 1U);
  EXPECT_THAT(world_.all<Alert>().front().message, HasSubstr("/data/object/customer"));
}

TEST_F(Runs, AWaitTimesOutAfterItsDeadlineAndGrace) {
  run(starter());
  EXPECT_EQ(time_out(at(1060) + kWaitGrace - Milliseconds{1}), Outcome::ignored);
  EXPECT_EQ(view().status, RunStatus::waiting);
  EXPECT_EQ(time_out(at(1060) + kWaitGrace), Outcome::applied);
  EXPECT_EQ(view().status, RunStatus::timed_out);
  EXPECT_EQ(view().steps[1], (StepView{2, StepKind::wait, StepStatus::timed_out, at(1060), {}}));
  EXPECT_EQ(view().steps[2].status, StepStatus::pending);
  EXPECT_THAT(told(), ElementsAre("action.remind", "run.started", "run.timed_out", "run.waiting"));
  EXPECT_EQ(time_out(at(9999)), Outcome::ignored) << "once";
}

TEST_F(Runs, AnEventThatCameInTimeResumesARunThatHasTimedOutHere) {
  run(starter());
  time_out(at(2000));
  run(resumer());
  EXPECT_EQ(view().status, RunStatus::completed);
  EXPECT_EQ(time_out(at(9999)), Outcome::ignored);
  EXPECT_EQ(view().status, RunStatus::completed);
}

TEST_F(Runs, OfTwoEventsThatWereDecidedToResumeTheEarlierHolds) {
  run(starter());
  run(resumer("evt_9", 2, 1040));
  run(resumer("evt_2", 2, 1030));
  EXPECT_EQ(view().resumed_by, EventKey{"org/acme:evt_2"});
  EXPECT_THAT(waiting()->waits.front().satisfied_by, ElementsAre("org/acme:evt_2", "org/acme:evt_9"))
      << "each is answered alike again";
  EXPECT_EQ(told(), (std::vector<std::string>{"action.remind", "action.thank", "run.completed", "run.started",
                                              "run.waiting"}));
}

TEST_F(Runs, AnEventThatTheInboxHasForgottenChangesNothing) {
  run(starter());
  run(resumer());
  const auto before = world_.rows();
  EXPECT_EQ(run_anew(resumer()), Outcome::duplicate);
  EXPECT_EQ(run_anew(starter()), Outcome::duplicate);
  EXPECT_EQ(run_anew(starter({emit_step("action.other")})), Outcome::duplicate)
      << "whatever its workflow says by then";
  EXPECT_EQ(world_.rows(), before);
}

TEST_F(Runs, TheTopicIsToldOfEveryWaitThatTheRunHasComeTo) {
  run(starter({wait_step("invoice.paid"), wait_step("charge.refunded", 30)}));
  ASSERT_TRUE(waiting());
  EXPECT_EQ(waiting()->event, "org/acme:evt_1");
  ASSERT_EQ(waiting()->waits.size(), 1U);
  EXPECT_EQ(waiting()->waits[0],
            (Wait{1, WaitState::open, "invoice.paid", "/data/object/customer", "\"cus_1\"", at(1060), {}}));
  run(resumer("evt_2", 1));
  ASSERT_EQ(waiting()->waits.size(), 2U);
  EXPECT_EQ(waiting()->waits[0].state, WaitState::satisfied);
  EXPECT_THAT(waiting()->waits[0].satisfied_by, ElementsAre("org/acme:evt_2"));
  EXPECT_EQ(waiting()->waits[1].state, WaitState::open);
  EXPECT_EQ(waiting()->waits[1].deadline, at(1060)) << "thirty seconds after it was resumed";
}

TEST_F(Runs, ARunIsDueForTheTopicUntilThatHasBeenTold) {
  run(starter());
  EXPECT_TRUE(publication());
  publish(waiting(), at(1001));
  EXPECT_FALSE(publication());
  run(resumer());
  EXPECT_TRUE(publication());
}

TEST_F(Runs, WhatHasChangedSinceTheTopicWasToldIsToldAgain) {
  run(starter());
  const auto told = waiting();
  run(resumer());
  publish(told, at(1040));
  EXPECT_EQ(publication(), at_once(at(1040)));
}

TEST_F(Runs, OfWhatTheTopicLacksItIsToldAgainAtOnce) {
  run(starter());
  const auto tell_again = [this] {
    EXPECT_TRUE(world_.carry_out(
        {"timer:3"}, [](const View&, Reads& reads) { reads.want<RunPublication>(kRun); },
        [](const View& view) -> Result<Effects> { return decide_to_tell_again(view, {kRun}, at(2000)); }));
  };
  const auto due_already = publication();
  tell_again();
  EXPECT_EQ(publication(), due_already);
  publish(waiting(), at(1001));
  tell_again();
  EXPECT_EQ(publication(), at_once(at(2000)));
}

TEST_F(Runs, ARunThatCannotBeReadIsDueForTheTopicLater) {
  run(starter());
  publish({{}, {kRun}}, at(1001));
  EXPECT_EQ(publication(), kAgain);
}

TEST_F(Runs, ARowThatHasLostItsWorkflowWaitsForTheEventThatStartsIt) {
  run(starter());
  ASSERT_TRUE(world_.carry_out(
      {"test:1"}, [](const View&, Reads& reads) { name_run(kRun, reads); },
      [](const View& view) -> Result<Effects> {
        WorkflowRun damaged = *view.find<WorkflowRun>(kRun);
        damaged.workflow.reset();
        Effects effects;
        effects.put(std::move(damaged));
        return effects;
      }));
  EXPECT_EQ(waiting_run_of(*world_.find<WorkflowRun>(kRun), at(1040)), std::nullopt);
  EXPECT_EQ(run(resumer()), Outcome::applied);
  time_out(at(999'999));
  EXPECT_EQ(view().status, RunStatus::running);
  EXPECT_EQ(run_anew(starter()), Outcome::applied);
  EXPECT_EQ(view().status, RunStatus::completed);
}

TEST_F(Runs, ThreeDaysAfterItsEndTheTopicForgetsARun) {
  run(starter());
  run(resumer());
  publish(waiting(at(1031)), at(1031));
  const Timestamp forgotten = at(1030) + kEndedRunsTold;
  EXPECT_EQ(publication(), forgotten);
  EXPECT_TRUE(waiting(forgotten - Milliseconds{1}));
  EXPECT_FALSE(waiting(forgotten));
  publish(std::nullopt, forgotten);
  EXPECT_FALSE(publication());
}

TEST_F(Runs, PublishingChangesNothingOfTheRunItself) {
  run(starter());
  const auto before = world_.rows();
  publish(waiting(), at(1001));
  for (const auto& [key, row] : world_.rows())
    if (!key.starts_with("run_publications/")) {
      EXPECT_EQ(row, before.at(key));
    }
}

TEST_F(Runs, ADecisionThatCannotBeReadParksTheEvent) {
  for (const char* header : {"", "{}", "[]", R"({"action":"ended","resumed":[],"started":[]})"}) {
    const ConnectorSpec spec = starter();
    const EventKey key = connector_key(spec);
    auto headers = connector_headers(spec);
    headers.back().second = header;
    const std::string body = connector_body(spec);
    const auto read =
        Sources({connector_source()}).read({key, "org/acme", spec.type, Timestamp{}, body, headers});
    ASSERT_FALSE(read.facts) << header;
    EXPECT_THAT(read.facts.error().detail, HasSubstr("wrong_shape"));
  }
}

}  // namespace
}  // namespace penstock::testing
