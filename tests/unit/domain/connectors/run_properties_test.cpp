// Runs end the same in whatever order and however often their events and time-outs come.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/unit/domain/connector_events.h"
#include "workers/domain/connectors/runs.h"

namespace penstock::testing {
namespace {

using Random = std::mt19937_64;
constexpr int kRounds = 300;

std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

std::vector<Step> any_steps(Random& random) {
  std::vector<Step> steps;
  for (std::size_t count = 1 + below(random, 4); steps.size() < count;) {
    const std::string number = std::to_string(steps.size());
    if (below(random, 2) == 0)
      steps.push_back(emit_step("action.step_" + number));
    else
      steps.push_back(wait_step("invoice.paid", static_cast<std::int64_t>(1 + below(random, 50))));
  }
  return steps;
}

// A few runs of two orgs; each may be resumed by several events, in steps that are waits or none.
std::vector<ConnectorSpec> any_specs(Random& random) {
  std::vector<ConnectorSpec> specs;
  for (std::size_t i = 0, runs = 1 + below(random, 3); i < runs; ++i) {
    const std::string id = "evt_" + std::to_string(i), org = below(random, 2) == 0 ? "acme" : "globex";
    const auto steps = any_steps(random);
    ConnectorSpec start{.id = id, .decision = starting(id, steps, "w", org), .org = org};
    if (below(random, 8) == 0) start.customer = "";
    start.received = static_cast<std::int64_t>(1000 + below(random, 20));
    specs.push_back(start);
    for (std::size_t n = 0, resumers = below(random, 6); n < resumers; ++n)
      specs.push_back({.id = id + "_" + std::to_string(n),
                       .decision = resuming(start.decision.started.front().run,
                                            static_cast<std::int64_t>(1 + below(random, steps.size()))),
                       .received = static_cast<std::int64_t>(1000 + below(random, 60)),
                       .org = org});
  }
  return specs;
}

void run_in_any_batches(World& world, const std::vector<ConnectorSpec>& specs, Random& random) {
  for (std::size_t i = 0; i < specs.size();) {
    std::vector<SaidEvent> batch;
    for (std::size_t count = 1 + below(random, 4); count > 0 && i < specs.size(); --count)
      batch.push_back(connector_event(specs[i++]));
    world.run_said(batch);
  }
}

std::vector<ConnectorSpec> any_arrival(std::vector<ConnectorSpec> specs, Random& random) {
  const std::size_t distinct = specs.size();
  for (std::size_t i = 0; i < distinct; ++i)
    if (below(random, 3) == 0) specs.push_back(specs[below(random, distinct)]);
  std::shuffle(specs.begin(), specs.end(), random);
  return specs;
}

void time_out_all(World& world) {
  const Timestamp late = *timestamp_from_unix_seconds(100'000);
  for (bool any = true; any;) {
    any = false;
    for (const auto& run : world.all<WorkflowRun>()) {
      const auto effects = world.carry_out(
          {"timer:" + run.id}, [&](const View&, Reads& reads) { name_run(run.id, reads); },
          [&](const View& view) -> Result<Effects> { return decide_time_out(view, run.id, late); });
      any = any || effects.value().outcome == Outcome::applied;
    }
  }
}

std::map<std::string, std::string> shown(const World& world) {
  std::map<std::string, std::string> runs;
  for (const auto& run : world.all<WorkflowRun>())
    runs[run.id] = run.org + " " + json::to_text(run_view(run));
  return runs;
}

// What workflows tell, apart from what tells of states in between.
std::multiset<std::string> emitted(const World& world) {
  std::multiset<std::string> types;
  for (const auto& row : world.all<OutboxRow>())
    if (row.type.starts_with("action.") || row.type == "run.completed") types.insert(row.org + " " + row.id);
  return types;
}

TEST(RunProperties, RunsEndTheSameInAnyOrderAndRepetition) {
  Random random(test_seed());
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const auto specs = any_specs(random);
    World expected;
    for (const auto& spec : specs) expected.run(connector_event(spec));
    for (int order = 0; order < 4; ++order) {
      World world;
      run_in_any_batches(world, any_arrival(specs, random), random);
      EXPECT_EQ(world.all<WorkflowRun>(), expected.all<WorkflowRun>());
      EXPECT_EQ(shown(world), shown(expected));
      EXPECT_EQ(emitted(world), emitted(expected));
    }
  }
}

// A time-out may be noticed while events that came in time are on their way.
TEST(RunProperties, WhenTimeOutsAreNoticedChangesNothing) {
  Random random(test_seed() + 1);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const auto specs = any_specs(random);
    World expected, world;
    run_in_any_batches(expected, specs, random);
    time_out_all(expected);
    auto arrival = any_arrival(specs, random);
    const auto half = arrival.begin() + static_cast<std::ptrdiff_t>(below(random, arrival.size()));
    run_in_any_batches(world, {arrival.begin(), half}, random);
    time_out_all(world);
    run_in_any_batches(world, {half, arrival.end()}, random);
    time_out_all(world);
    EXPECT_EQ(shown(world), shown(expected));
    EXPECT_EQ(emitted(world), emitted(expected));
  }
}

TEST(RunProperties, NothingIsToldTwice) {
  Random random(test_seed() + 2);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    World world;
    const auto specs = any_specs(random);
    run_in_any_batches(world, any_arrival(specs, random), random);
    std::map<std::string, int> told;
    for (const auto& row : world.all<OutboxRow>()) EXPECT_EQ(++told[row.id], 1);
    const auto before = world.rows();
    run_in_any_batches(world, any_arrival(specs, random), random);
    EXPECT_EQ(world.rows(), before);
  }
}

TEST(RunProperties, OrgsNeverInfluenceOneAnother) {
  Random random(test_seed() + 3);
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const auto specs = any_arrival(any_specs(random), random);
    World mixed;
    run_in_any_batches(mixed, specs, random);
    std::map<std::string, std::string> alone;
    for (const std::string org : {"acme", "globex"}) {
      World world;
      for (const auto& spec : specs)
        if (spec.org == org) world.run(connector_event(spec));
      alone.merge(shown(world));
    }
    EXPECT_EQ(shown(mixed), alone);
  }
}

}  // namespace
}  // namespace penstock::testing
