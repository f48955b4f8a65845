#include "ingress/doors/connectors/connector_decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/uuid.h"
#include "ingress/doors/connectors/connector_record.h"

namespace penstock {
namespace {

using registry::Connector;
using registry::ConnectorKind;
using registry::Workflow;
using registry::Workflows;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kBody =
    R"({"id":"evt_2","type":"invoice.paid","data":{"object":{"customer":"cus_1"}}})";

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

Workflow workflow(std::string id, std::vector<std::string> types, bool enabled = true) {
  return {std::move(id), enabled, std::move(types), {Step{EmitStep{"action.note"}, {}}}, {}, {}, {}};
}

Wait open_wait(std::int64_t step = 1) {
  return {step, WaitState::open, "invoice.paid", "/data/object/customer", "\"cus_1\"", at(2000), {}};
}
WaitingRun waiting(std::string run, std::vector<Wait> waits = {open_wait()}) {
  return {std::move(run), "acme", "dunning", true, "org/acme:evt_1", std::move(waits)};
}

class ConnectorDecisions : public ::testing::Test {
 protected:
  ConnectorDecision decide(std::string_view id = "evt_2", std::string_view type = "invoice.paid",
                           std::string_view body = kBody) {
    return decide_connector({"acme", id, type, livemode_, body, now_}, connector_, &workflows_,
                            waits_.current());
  }
  std::vector<std::string> started(std::string_view type) {
    std::vector<std::string> names;
    for (const auto& each : decide("evt_2", type).started) names.push_back(each.workflow);
    return names;
  }
  std::vector<std::string> resumed(std::string_view id = "evt_2", std::string_view type = "invoice.paid",
                                   std::string_view body = kBody) {
    std::vector<std::string> runs;
    for (const auto& each : decide(id, type, body).resumed) runs.push_back(each.run);
    return runs;
  }
  void wait(const WaitingRun& run) { waits_.apply({{run.run, run}}); }

  Connector connector_{"acme", true, ConnectorKind::platform, {"s"}, {}, {}};
  Workflows workflows_{"acme", {}};
  waits::Table waits_;
  bool livemode_ = true;
  Timestamp now_ = at(1000);
};

TEST_F(ConnectorDecisions, APlatformConnectorStartsEveryWorkflowThatSubscribes) {
  workflows_.all = {workflow("a", {"invoice.paid"}), workflow("b", {"invoice.*", "charge.*"}),
                    workflow("c", {"*"}), workflow("d", {"invoice.payment_failed"}),
                    workflow("e", {"invoice.paid"}, false)};
  EXPECT_THAT(started("invoice.paid"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(started("charge.refunded"), ElementsAre("b", "c"));
  EXPECT_THAT(started("invoices"), ElementsAre("c")) << "the dot belongs to the pattern";
  const auto decision = decide();
  EXPECT_EQ(decision.action, ConnectorAction::triggered);
  EXPECT_FALSE(decision.reason);
  EXPECT_EQ(decision.started[0].steps, workflows_.all[0].steps);
}

TEST_F(ConnectorDecisions, AGenericConnectorStartsItsOneWorkflow) {
  workflows_.all = {workflow("a", {"invoice.paid"}), workflow("b", {"*"})};
  connector_.kind = ConnectorKind::generic;
  connector_.workflow = "b";
  EXPECT_THAT(started("invoice.paid"), ElementsAre("b"));
  connector_.workflow = "nothing";
  EXPECT_THAT(started("invoice.paid"), IsEmpty());
  EXPECT_EQ(decide().reason, "no_subscriber");
}

TEST_F(ConnectorDecisions, WhatNobodyWantsIsSkippedWithTheReason) {
  EXPECT_EQ(decide(), (ConnectorDecision{.reason = "no_subscriber"}));
  EXPECT_EQ(decide_connector({"acme", "evt_2", "invoice.paid", true, kBody, now_}, connector_, nullptr,
                             waits_.current()),
            (ConnectorDecision{.reason = "no_subscriber"}));
  workflows_.all = {workflow("a", {"*"})};
  wait(waiting("run-1"));
  connector_.enabled = false;
  EXPECT_EQ(decide(), (ConnectorDecision{.reason = "connector_disabled"}));
}

TEST_F(ConnectorDecisions, RunIdsFollowFromOrgEventAndWorkflow) {
  EXPECT_EQ(run_id("acme", "evt_1", "a"), "f92edcb2-4e1e-5016-ac0a-ae2b5efab38f") << "part of what is stored";
  EXPECT_TRUE(is_uuid(run_id("acme", "evt_1", "a")));
  EXPECT_NE(run_id("acme", "evt_1", "a"), run_id("globex", "evt_1", "a"));
  EXPECT_NE(run_id("acme", "evt_1", "a"), run_id("acme", "evt_2", "a"));
  EXPECT_NE(run_id("acme", "evt_1", "a"), run_id("acme", "evt_1", "b"));
}

TEST_F(ConnectorDecisions, ARunThatWaitsForTheEventIsResumed) {
  workflows_.all = {workflow("dunning", {"invoice.*"}), workflow("other", {"invoice.paid"})};
  wait(waiting("run-1"));
  const auto decision = decide();
  EXPECT_EQ(decision.action, ConnectorAction::resumed);
  EXPECT_EQ(decision.resumed, (std::vector<ResumedRun>{{"run-1", 1}}));
  ASSERT_EQ(decision.started.size(), 1U) << "the workflow that goes on is not started anew";
  EXPECT_EQ(decision.started[0].workflow, "other");
  EXPECT_THAT(decision.run_ids(), ElementsAre("run-1", run_id("acme", "evt_2", "other")));
}

TEST_F(ConnectorDecisions, OnlyTheSameTypeValueModeAndOrgMatch) {
  wait(waiting("run-1"));
  EXPECT_THAT(resumed("evt_2", "invoice.payment_failed"), IsEmpty());
  EXPECT_THAT(resumed("evt_2", "invoice.paid", R"({"data":{"object":{"customer":"cus_2"}}})"), IsEmpty());
  EXPECT_THAT(resumed("evt_2", "invoice.paid", R"({"data":{"object":{"customer":{"id":"cus_1"}}}})"),
              IsEmpty());
  EXPECT_THAT(resumed("evt_2", "invoice.paid", R"({"data":{}})"), IsEmpty());
  EXPECT_THAT(resumed("evt_2", "invoice.paid", "no JSON"), IsEmpty());
  livemode_ = false;
  EXPECT_THAT(resumed(), IsEmpty());
  livemode_ = true;
  connector_.org = "globex";
  EXPECT_THAT(decide_connector({"globex", "evt_2", "invoice.paid", true, kBody, now_}, connector_,
                               &workflows_, waits_.current())
                  .resumed,
              IsEmpty());
  EXPECT_THAT(resumed(), ElementsAre("run-1"));
}

TEST_F(ConnectorDecisions, AnEventReceivedAtTheDeadlineComesTooLate) {
  wait(waiting("run-1"));
  now_ = at(2000) - Milliseconds{1};
  EXPECT_THAT(resumed(), ElementsAre("run-1"));
  now_ = at(2000);
  EXPECT_THAT(resumed(), IsEmpty());
}

TEST_F(ConnectorDecisions, ASatisfiedWaitAnswersItsEventAlikeAndNoOther) {
  auto run = waiting("run-1");
  wait(run);
  const auto first = decide();
  run.waits[0].state = WaitState::satisfied;
  run.waits[0].satisfied_by = {"org/acme:evt_2"};
  wait(run);
  now_ = at(9000);
  EXPECT_EQ(decide(), first);
  EXPECT_THAT(resumed("evt_3"), IsEmpty());
}

TEST_F(ConnectorDecisions, AnEventMovesARunOnce) {
  workflows_.all = {workflow("dunning", {"invoice.*"})};
  auto run = waiting("run-1");
  wait(run);
  EXPECT_THAT(resumed("evt_1"), IsEmpty()) << "it has started that run";
  run.waits[0].state = WaitState::satisfied;
  run.waits[0].satisfied_by = {"org/acme:evt_2"};
  run.waits.push_back(open_wait(2));
  wait(run);
  EXPECT_EQ(decide().resumed, (std::vector<ResumedRun>{{"run-1", 1}})) << "and not its next wait";
  EXPECT_EQ(decide("evt_3").resumed, (std::vector<ResumedRun>{{"run-1", 2}}));
}

TEST_F(ConnectorDecisions, AWaitThatTimedOutIsOver) {
  auto run = waiting("run-1");
  run.waits[0].state = WaitState::timed_out;
  wait(run);
  EXPECT_THAT(resumed(), IsEmpty());
}

TEST_F(ConnectorDecisions, ManyRunsAreResumedInOrderAndWithinABound) {
  for (int i = 0; i < 300; ++i) wait(waiting("run-" + std::to_string(800 - i)));
  auto satisfied = waiting("run-9");
  satisfied.waits[0].state = WaitState::satisfied;
  satisfied.waits[0].satisfied_by = {"org/acme:evt_2"};
  wait(satisfied);
  const auto runs = resumed();
  EXPECT_EQ(runs.size(), kResumedRunsMax);
  EXPECT_TRUE(std::is_sorted(runs.begin(), runs.end()));
  EXPECT_THAT(runs, Contains("run-9")) << "the one that it has resumed before is not pushed out";
}

TEST(ConnectorRecord, CarriesTheDecisionInTheOrgsName) {
  const auto decision = ConnectorDecision{.action = ConnectorAction::resumed, .resumed = {{"run-1", 2}}};
  const std::string body(kBody);
  const auto record =
      connector_record("acme", *summarise(body), body, &decision, Catalogue::builtin(), at(7));
  EXPECT_EQ(record.topic, "connectors");
  EXPECT_EQ(record.key, "evt_2");
  EXPECT_EQ(record.value, body);
  EXPECT_EQ(find_header(record.headers, "ce_source"), "org/acme");
  EXPECT_EQ(find_header(record.headers, "ps_org"), "acme");
  EXPECT_EQ(find_header(record.headers, "ps_receivedat"), "1970-01-01T00:00:07Z");
  const auto read = decode_decision(*find_header(record.headers, kDecisionHeader));
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value(), decision);
}

TEST(ConnectorRecord, WhatIsNoEventIsKeptUnrouted) {
  EventSummary event;
  event.id = "made-at-the-door";
  const auto record = connector_record("acme", event, "{}", nullptr, Catalogue::builtin(), at(7));
  EXPECT_EQ(record.topic, "unrouted");
  EXPECT_EQ(record.key, "made-at-the-door");
}

}  // namespace
}  // namespace penstock
