#include "common/waits/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

namespace penstock::waits {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

WaitingRun run_of(std::string run, std::vector<Wait> waits, std::string org = "acme") {
  return {std::move(run), std::move(org), "dunning", true, "org/acme:evt_1", std::move(waits)};
}
Wait wait_for(std::string type, std::string value, std::string pointer = "/customer") {
  return {1, WaitState::open, std::move(type), std::move(pointer), std::move(value), {}, {}};
}
Change told(WaitingRun run) { return {run.run, std::move(run)}; }

std::set<std::string> found(const Table& table, std::string_view type, std::string_view value,
                            std::string_view org = "acme") {
  std::set<std::string> runs;
  if (const auto* places = table.current().matching(org, type, "/customer", value))
    for (const auto& place : *places) runs.insert(place.run->run);
  return runs;
}

TEST(WaitsTable, IsNotFilledUntilAllHasBeenTold) {
  Table table;
  table.apply({told(run_of("r1", {wait_for("t", "1")}))});
  EXPECT_FALSE(table.current().filled());
  table.replace({});
  EXPECT_TRUE(table.current().filled());
  table.apply({told(run_of("r1", {wait_for("t", "1")}))});
  EXPECT_TRUE(table.current().filled());
}

TEST(WaitsTable, FindsByOrgTypePointerAndValue) {
  Table table;
  table.replace({told(run_of("r1", {wait_for("t", "1")})), told(run_of("r2", {wait_for("t", "1")})),
                 told(run_of("r3", {wait_for("t", "2")})), told(run_of("r4", {wait_for("u", "1")})),
                 told(run_of("r5", {wait_for("t", "1")}, "globex")),
                 told(run_of("r6", {wait_for("t", "1", "/id")}))});
  EXPECT_THAT(found(table, "t", "1"), ElementsAre("r1", "r2"));
  EXPECT_THAT(found(table, "t", "2"), ElementsAre("r3"));
  EXPECT_THAT(found(table, "u", "2"), IsEmpty());
  EXPECT_THAT(found(table, "t", "1", "globex"), ElementsAre("r5"));
  EXPECT_THAT(*table.current().pointers("acme", "t"), ElementsAre(Pair("/customer", 3), Pair("/id", 1)));
  EXPECT_EQ(table.current().pointers("acme", "v"), nullptr);
}

TEST(WaitsTable, ARunIsAsItWasToldLast) {
  Table table;
  table.replace({told(run_of("r1", {wait_for("t", "1")}))});
  table.apply({told(run_of("r1", {wait_for("t", "1"), wait_for("u", "1")}))});
  EXPECT_THAT(found(table, "t", "1"), ElementsAre("r1"));
  EXPECT_THAT(found(table, "u", "1"), ElementsAre("r1"));
  table.apply({{"r1", std::nullopt}, {"never heard of", std::nullopt}});
  EXPECT_THAT(found(table, "t", "1"), IsEmpty());
  EXPECT_EQ(table.current().pointers("acme", "t"), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST(WaitsTable, WhatIsReplacedIsGone) {
  Table table;
  table.replace({told(run_of("r1", {wait_for("t", "1")}))});
  table.replace({told(run_of("r2", {wait_for("t", "1")}))});
  EXPECT_THAT(found(table, "t", "1"), ElementsAre("r2"));
}

// Changes one by one leave the same as all at once.
TEST(WaitsTable, IsTheSameInWhateverStepsItWasTold) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto any = [&random](std::size_t bound) { return std::to_string(random() % bound); };
  Table table, expected;
  table.replace({});
  std::map<std::string, Change> last;
  for (int i = 0; i < 2'000; ++i) {
    const std::string run = "r" + any(50);
    Change change{run, std::nullopt};
    if (random() % 4 != 0) {
      change.waiting = run_of(run, {});
      for (std::size_t n = random() % 3; n > 0; --n)
        change.waiting->waits.push_back(wait_for("t" + any(3), any(3)));
    }
    last.insert_or_assign(run, change);
    table.apply({std::move(change)});
  }
  std::vector<Change> all;
  for (auto& [run, change] : last) all.push_back(std::move(change));
  expected.replace(std::move(all));
  for (const char* type : {"t0", "t1", "t2"}) {
    for (const char* value : {"0", "1", "2"})
      EXPECT_EQ(found(table, type, value), found(expected, type, value));
    const auto *here = table.current().pointers("acme", type),
               *there = expected.current().pointers("acme", type);
    ASSERT_EQ(here == nullptr, there == nullptr);
    if (here != nullptr) {
      EXPECT_EQ(*here, *there);
    }
  }
}

TEST(WaitsTable, IsReadWhileItChanges) {
  Table table;
  table.replace({});
  std::atomic<bool> stop = false;
  std::jthread reader([&] {
    while (!stop) {
      const auto* places = table.current().matching("acme", "t", "/customer", "1");
      for (std::size_t i = 0; places != nullptr && i < places->size(); ++i)
        EXPECT_EQ((*places)[i].wait().value, "1");
    }
  });
  for (int i = 0; i < 2'000; ++i)
    table.apply({told(run_of("r" + std::to_string(i % 7), {wait_for("t", "1")}))});
  stop = true;
}

}  // namespace
}  // namespace penstock::waits
