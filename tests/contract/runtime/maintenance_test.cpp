// What is old goes from the log and from the store, and what is parked stays in both.
#include "workers/runtime/maintenance.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/sqlite/store.h"
#include "tests/fakes/manual_clock.h"
#include "workers/domain/state/event_rows.h"
#include "workers/runtime/incoming.h"

namespace penstock {
namespace {

using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr Milliseconds kRetention = days{35};

class MaintenanceTest : public ::testing::Test {
 protected:
  MaintenanceTest() {
    EXPECT_TRUE(log_.log->create_topics({"payments", "parked"}));
    store_ = open_sqlite_store({.file = folder_ / "state.db"}).value();
    EXPECT_TRUE(store_->migrate());
  }
  ~MaintenanceTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Position append(const Record& record) {
    std::promise<Result<Position>> answer;
    EXPECT_TRUE(log_.log->append(record, [&](Result<Position> at) { answer.set_value(std::move(at)); }));
    return answer.get_future().get().value();
  }

  // An event as a worker leaves it behind: its record, its inbox row, and its dead letter when it is parked.
  // Without an id it is known by its position.
  void event(const std::string& id, Outcome outcome) {
    Record record{"payments", "k", "{}", {{"ce_source", "stripe"}}};
    if (!id.empty()) record.headers.emplace_back("ce_id", id);
    const Position at = append(record);
    Incoming incoming = identify({at, clock_.now(), record.key, record.value, record.headers});
    if (outcome == Outcome::parked) append(dead_letter(incoming));
    const InboxRow row = inbox_row(incoming, outcome);
    put(row, 0);
  }
  void put(const InboxRow& row, std::int64_t rev) {
    auto batch = store_->begin().value();
    const Row stored{to_cells(row), rev, {clock_.now(), clock_.now(), row.key.value}};
    const std::vector<TableRows> changes = {{&table_of<InboxRow>(), {stored}}};
    ASSERT_TRUE(batch->commit(changes));
  }
  void decide(const std::string& key) {
    const std::vector<std::string> keys = {key};
    const Row stored = store_->read(table_of<InboxRow>(), keys).value().at(0);
    InboxRow row = *from_cells<InboxRow>(stored.cells);
    row.outcome = Outcome::applied;
    put(row, stored.rev);
  }

  void maintain() {
    while (store_->maintain(clock_.now(), kRetention).value()) continue;
    while (log_.log->prune(clock_.now() - kRetention, still_parked_in(*store_)).value()) continue;
  }
  std::vector<std::string> known() {
    std::vector<std::string> keys;
    const auto rows = store_->list(table_of<InboxRow>(), {});
    for (const Row& row : rows.value()) keys.push_back(std::get<std::string>(row.cells[0]));
    return keys;
  }
  std::vector<std::string> letters() {
    std::vector<std::string> keys;
    for (std::int64_t offset = 0; offset < 20; ++offset)
      if (const auto letter = log_.log->read({"parked", Partition{0}, Offset{offset}}).value())
        keys.push_back(key_of_dead_letter(*letter).value);
    return keys;
  }

  ManualClock clock_;
  MemoryEventLog log_ = open_memory_log({}, clock_);
  std::filesystem::path folder_ = [] {
    std::string path = (std::filesystem::temp_directory_path() / "penstock.XXXXXX").string();
    return std::filesystem::path(mkdtemp(path.data()));
  }();
  std::unique_ptr<StoreAdapter> store_;
};

TEST_F(MaintenanceTest, WhatIsParkedCanBeRedrivenForAsLongAsNobodyHasDecided) {
  event("evt_applied", Outcome::applied);
  event("evt_parked", Outcome::parked);
  event("evt_dropped", Outcome::parked);
  event("", Outcome::parked);
  clock_.advance(days{400});
  maintain();
  EXPECT_THAT(known(),
              UnorderedElementsAre("stripe:evt_parked", "stripe:evt_dropped", "stripe:payments-0-3"));
  EXPECT_THAT(letters(), ElementsAre("stripe:evt_parked", "stripe:evt_dropped", "stripe:payments-0-3"));
  decide("stripe:evt_dropped");
  decide("stripe:payments-0-3");
  maintain();
  EXPECT_THAT(known(), ElementsAre("stripe:evt_parked"));
  EXPECT_THAT(letters(), ElementsAre("stripe:evt_parked"));
}

TEST_F(MaintenanceTest, ItsOwnThreadStartsAtOnce) {
  event("evt_old", Outcome::applied);
  clock_.advance(days{36});
  const Maintenance maintenance(*log_.log, *store_, still_parked_in(*store_), clock_,
                                RetentionTimes{kRetention, kRetention});
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!known().empty() && std::chrono::steady_clock::now() < until) continue;
  EXPECT_THAT(known(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace penstock
