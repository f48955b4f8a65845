#include "workers/domain/reports/reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/world.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;

SaidEvent report(const std::string& id, std::optional<std::string> org = {}, std::string reason = "spam") {
  ReportFacts facts;
  facts.meta.key = make_event_key("api/" + org.value_or("default"), id);
  facts.meta.id = facts.meta.key.value;
  facts.meta.type = "report.created";
  facts.meta.created = *timestamp_from_unix_seconds(1000);
  facts.meta.livemode = true;
  facts.meta.org = std::move(org);
  facts.id = id;
  facts.said = {"post-7", "Post", std::move(reason), "unwanted", "user-1"};
  return {facts.meta.key, Facts(facts)};
}

Effects moderate(World& world, const Moderation& moderation) {
  auto effects = world.carry_out(
      {"root"}, [&](const View& view, Reads& reads) { name_reads(view, moderation, reads); },
      [&](const View& view) -> Result<Effects> { return decide_moderation(view, moderation); });
  CHECK(effects.has_value());
  return std::move(effects).value();
}

Effects moderate(World& world, const std::string& id, ReportStatus status) {
  return moderate(world, {{.livemode = true}, id, status});
}

TEST(Reports, AReportIsOpenAndToldOnce) {
  World world;
  EXPECT_EQ(world.run(report("r-1")), Outcome::applied);
  EXPECT_THAT(world.touched(), ElementsAre(TouchedRow{"reports", "r-1"}));
  const auto row = world.find<Report>("r-1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, ReportStatus::open);
  EXPECT_EQ(part<ReportAttributes>(*row), (ReportAttributes{"post-7", "Post", "spam", "unwanted", "user-1"}));
  ASSERT_EQ(world.all<OutboxRow>().size(), 1U);
  EXPECT_EQ(world.all<OutboxRow>().front().type, "report.created");
  EXPECT_EQ(
      world.all<OutboxRow>().front().data,
      R"({"id":"r-1","reportable_id":"post-7","reportable_type":"Post","reason":"spam",)"
      R"("description":"unwanted","reporter":"user-1","status":"open","created_at":"1970-01-01T00:16:40Z"})");
}

TEST(Reports, OfTwoOrgsEachHasItsOwn) {
  World world;
  world.run(report("r-1"));
  world.run(report("r-1", "acme", "abuse"));
  EXPECT_EQ(world.find<Report>("r-1")->reason, "spam");
  EXPECT_EQ(world.find<Report>("r-1", {.livemode = true, .account = {}, .org = "acme"})->reason, "abuse");
  moderate(world, "r-1", ReportStatus::resolved);
  EXPECT_EQ(world.find<Report>("r-1", {.livemode = true, .account = {}, .org = "acme"})->status,
            ReportStatus::open);
}

TEST(Reports, AModeratorsWordHoldsUntilTheNext) {
  World world;
  world.run(report("r-1"));
  for (const auto status : {ReportStatus::dismissed, ReportStatus::open, ReportStatus::resolved}) {
    EXPECT_EQ(moderate(world, "r-1", status).outcome, Outcome::applied);
    EXPECT_EQ(world.find<Report>("r-1")->status, status);
    EXPECT_EQ(moderate(world, "r-1", status).outcome, Outcome::duplicate);
  }
  EXPECT_EQ(world.all<OutboxRow>().size(), 1U);
}

// As a replay does it that passes the inbox by.
TEST(Reports, AnEventThatIsDecidedAgainOpensNothing) {
  World world;
  world.run(report("r-1"));
  moderate(world, "r-1", ReportStatus::resolved);
  auto again = report("r-1");
  again.key.value += " again";
  EXPECT_EQ(world.run(again), Outcome::duplicate);
  EXPECT_EQ(world.find<Report>("r-1")->status, ReportStatus::resolved);
  EXPECT_EQ(world.all<OutboxRow>().size(), 1U);
}

TEST(Reports, WhatIsNotThereIsNotModerated) {
  World world;
  world.run(report("r-1", "acme"));
  EXPECT_EQ(moderate(world, "r-1", ReportStatus::resolved).outcome, Outcome::ignored);
  EXPECT_EQ(moderate(world, "r-2", ReportStatus::resolved).outcome, Outcome::ignored);
  EXPECT_EQ(world.all<Report>().size(), 1U);
}

}  // namespace
}  // namespace penstock::testing
