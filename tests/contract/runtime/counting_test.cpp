// Impressions from the log to the store, on both stores: workers against the in-memory log and a real store
// that fails on demand.
#include "workers/runtime/counting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/crypto/crypto.h"
#include "ingress/doors/ads/impression_record.h"
#include "tests/contract/store/harness.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/domain/world.h"
#include "workers/domain/ads/ads.h"
#include "workers/runtime/applier.h"
#include "workers/runtime/worker.h"
#include "workers/sources/ads/ads.h"

namespace penstock {
namespace {

using testing::CommitFault;
using testing::FaultyStore;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";
const std::string kOther = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
constexpr std::int32_t kPartitions = 3;

// A seen set that remembers whom it was asked about.
class AskedSeenSet final : public SeenSet {
 public:
  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override {
    asked += static_cast<int>(keys.size());
    return std::vector<std::optional<Position>>(keys.size());
  }
  Status mark(std::span<const SeenEvent> events) override {
    marked += static_cast<int>(events.size());
    return ok();
  }
  std::atomic<int> asked = 0;
  std::atomic<int> marked = 0;
};

const CountedOffset* mark_in(std::span<const TableRows> changes, CountedOffset& row) {
  for (const auto& rows : changes) {
    if (rows.table != &table_of<CountedOffset>()) continue;
    row = *from_cells<CountedOffset>(rows.rows.front().cells);
    return &row;
  }
  return nullptr;
}

std::size_t rows_in(std::span<const TableRows> changes, const Table& table) {
  for (const auto& rows : changes)
    if (rows.table == &table) return rows.rows.size();
  return 0;
}

class Counted : public ::testing::TestWithParam<std::string> {
 protected:
  Counted() : harness_(make_harness(GetParam())), real_store_(harness_->open()), store_(*real_store_) {
    EXPECT_TRUE(real_store_->migrate());
    make_log();
    options_.pool = "ads";
    options_.group = "penstock.ads";
    options_.poll_wait = Milliseconds{20};
    options_.retry_delay_min = Milliseconds{1};
    options_.retry_delay_max = Milliseconds{20};
    options_.park_deadline = Milliseconds{200};
  }
  ~Counted() override { stop(); }

  // As if the topic had been made anew.
  void make_log() {
    log_ = {};
    log_ = open_memory_log({.partitions = kPartitions}, clock_);
    EXPECT_TRUE(log_.log->create_topics({"ads", "parked"}));
  }

  Position append(Record record) {
    auto done = std::make_shared<std::optional<Position>>();
    EXPECT_TRUE(
        log_.log->append(std::move(record), [done](const Result<Position>& at) { *done = at.value(); }));
    EXPECT_TRUE(log_.log->flush(Milliseconds{5000}));
    return done->value();
  }
  void show(int impressions, const std::string& ad = kAd) {
    for (; impressions > 0; --impressions)
      append(impression_record(ad, std::nullopt, "", Catalogue::builtin(), clock_.now()));
  }
  void show_with(const std::string& key, const std::string& ad = kAd) {
    append(impression_record(ad, key, "", Catalogue::builtin(), clock_.now()));
  }

  void start(const std::string& group = "penstock.ads") {
    threads_.emplace_back([this, group](std::stop_token stop) {
      WorkerOptions options = options_;
      options.group = group;
      PoolHealth health("ads", clock_, Milliseconds{15'000});
      const WorkerPorts ports{*log_.log, seen_set_, store_, clock_, sources_, health};
      EXPECT_TRUE(run_worker(options, ports, policy_, metrics_, std::move(stop)));
    });
  }
  void stop() { threads_.clear(); }
  // Starts a worker of that group and waits until it has done all there is.
  void work_off(const std::string& group = "penstock.ads") {
    start(group);
    wait_until_done(group);
    stop();
  }
  void wait_until_done(const std::string& group) {
    wait_until("all is committed", [&] {
      const auto progress = log_.log->progress(group, "ads");
      EXPECT_TRUE(progress);
      const auto& partitions = progress.value().partitions;
      return progress.value().members > 0 &&
             std::all_of(partitions.begin(), partitions.end(),
                         [](const auto& each) { return each.committed == each.end; });
    });
  }
  template <class Condition>
  void wait_until(const char* what, Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what;
      std::this_thread::yield();
    }
  }

  Effects put(std::int64_t budget, std::int64_t cost, const std::string& ad = kAd) {
    const AdTerms terms{ad, {}, {MicroUnits{budget}, MicroUnits{cost}, "usd"}, {}};
    const EventKey by{"admin:1"};
    auto done = carry_out(
        *real_store_, clock_,
        {by, [&](const View& view, Reads& reads) { name_reads(view, terms, reads); },
         [&](const View& view) -> Result<Effects> { return decide_terms(view, terms, clock_.now(), by); }});
    EXPECT_TRUE(done) << done.error().detail;
    return done ? std::move(done).value() : Effects{};
  }

  template <class R>
  std::vector<R> all() {
    const auto rows = real_store_->list(table_of<R>(), {.limit = 500});
    EXPECT_TRUE(rows) << rows.error().detail;
    std::vector<R> typed;
    for (const auto& row : rows.value()) typed.push_back(*from_cells<R>(row.cells));
    return typed;
  }
  std::int64_t impressions(const std::string& ad = kAd) {
    for (const Ad& row : all<Ad>())
      if (row.id == ad) return row.impressions;
    return 0;
  }
  std::map<std::string, std::int64_t> marks() {
    std::map<std::string, std::int64_t> offsets;
    for (const auto& row : all<CountedOffset>()) offsets[row.partition] = row.offset;
    return offsets;
  }
  std::int64_t parked_records() {
    std::int64_t records = 0;
    const auto progress = log_.log->progress("nobody", "parked").value();
    for (const auto& partition : progress.partitions) records += partition.end.value;
    return records;
  }

  std::unique_ptr<StoreHarness> harness_;
  ManualClock clock_;
  MemoryEventLog log_;
  std::unique_ptr<StoreAdapter> real_store_;
  FaultyStore store_;
  AskedSeenSet seen_set_;
  WorkerOptions options_;
  const Sources sources_{{ads_source()}};
  Policy policy_;
  Metrics registry_;
  WorkerMetrics metrics_{registry_};
  std::vector<std::jthread> threads_;
};
PENSTOCK_EVERY_STORE(Counted);

TEST_P(Counted, ImpressionsWithoutAnIdLeaveARowForThePartitionAndNoneEach) {
  show(7);
  work_off();
  EXPECT_EQ(impressions(), 7);
  EXPECT_THAT(all<InboxRow>(), IsEmpty());
  const auto marked = all<CountedOffset>();
  ASSERT_EQ(marked.size(), 1U);
  EXPECT_EQ(marked.front().offset, 6);
  EXPECT_EQ(seen_set_.asked, 0);
  EXPECT_EQ(seen_set_.marked, 0);
  EXPECT_THAT(registry_.exposition(),
              HasSubstr(R"(penstock_worker_events_total{outcome="applied",pool="ads"} 7)"));
}

TEST_P(Counted, ABatchOfOneAdIsOneRowOfIt) {
  std::atomic<std::size_t> ads = 0, inbox = 0;
  store_.fail_commits({}, [&](std::span<const TableRows> changes) {
    ads += rows_in(changes, table_of<Ad>());
    inbox += rows_in(changes, table_of<InboxRow>());
    return false;
  });
  show(400);
  work_off();
  EXPECT_EQ(impressions(), 400);
  EXPECT_EQ(store_.commits(), 1);
  EXPECT_EQ(ads, 1U);
  EXPECT_EQ(inbox, 0U);
}

TEST_P(Counted, WhatIsReadAgainIsPassedOver) {
  show(5);
  show(2, kOther);
  work_off();
  show(4);
  work_off("from the start");
  EXPECT_EQ(impressions(), 9) << "as after a crash before the offsets, or a group that was set back";
  EXPECT_EQ(impressions(kOther), 2);
  EXPECT_THAT(registry_.exposition(),
              HasSubstr(R"(penstock_worker_events_total{outcome="duplicate",pool="ads"} 7)"));
  work_off();
  EXPECT_EQ(impressions(), 9);
}

TEST_P(Counted, ACommitWhoseAnswerIsLostCountsOnce) {
  store_.fail_next_commit(CommitFault::answer_lost, {ErrorCode::unavailable, "connection lost in COMMIT"});
  show(5);
  work_off();
  EXPECT_EQ(impressions(), 5);
}

TEST_P(Counted, ABatchThatIsRefusedCountsNothingUntilItIsTaken) {
  for (const ErrorCode code : {ErrorCode::conflict, ErrorCode::unavailable, ErrorCode::internal})
    store_.fail_next_commit(CommitFault::refused, {code, "not now"});
  show(5);
  work_off();
  EXPECT_EQ(impressions(), 5);
  EXPECT_EQ(store_.commits(), 1);
}

TEST_P(Counted, HalvesOfABatchCountWhatTheWholeWould) {
  std::map<std::string, std::int64_t> before;  // on the worker's thread
  store_.fail_commits({ErrorCode::timeout, "too slow"}, [&](std::span<const TableRows> changes) {
    CountedOffset row;
    if (mark_in(changes, row) == nullptr) return false;
    const auto last = before.try_emplace(row.partition, -1).first;
    if (row.offset - last->second > 2) return true;
    last->second = row.offset;
    return false;
  });
  show(11);
  work_off();
  EXPECT_EQ(impressions(), 11);
  EXPECT_EQ(store_.commits(), 7) << "of two at most, and the halves of eleven are odd";
}

TEST_P(Counted, EachPartitionIsCountedByItself) {
  std::int64_t expected = 0;
  for (int n = 0; n < 12; ++n, ++expected) show(1, crypto::uuid_v5(kAd, std::to_string(n)));
  work_off();
  EXPECT_EQ(marks().size(), static_cast<std::size_t>(kPartitions)) << "or choose other ads";
  std::int64_t counted = 0, marked = 0;
  for (const Ad& row : all<Ad>()) counted += row.impressions;
  for (const auto& [partition, offset] : marks()) marked += offset + 1;
  EXPECT_EQ(counted, expected);
  EXPECT_EQ(marked, expected);
}

TEST_P(Counted, AnIdempotencyKeyCountsOnceBesideThoseWithout) {
  show(2);
  show_with("a");
  show(1);
  show_with("a");
  show_with("b");
  show_with("a", kOther);
  work_off();
  EXPECT_EQ(impressions(), 5) << "three without a key, and two keys";
  EXPECT_EQ(impressions(kOther), 1) << "a key is one of its ad";
  show_with("b");
  work_off();
  work_off("from the start");
  EXPECT_EQ(impressions(), 5);
  std::map<std::string, std::int64_t> deliveries;
  for (const auto& row : all<InboxRow>()) {
    deliveries[row.key.value] = row.deliveries;
    EXPECT_EQ(row.source, "ads");
    EXPECT_EQ(row.touched.size(), 1U);
  }
  EXPECT_EQ(deliveries, (std::map<std::string, std::int64_t>{{"ads:" + crypto::uuid_v5(kAd, "a"), 2},
                                                             {"ads:" + crypto::uuid_v5(kAd, "b"), 2},
                                                             {"ads:" + crypto::uuid_v5(kOther, "a"), 1}}));
}

// Each worker is what the other would be if it had been asleep while its partitions were given away.
TEST_P(Counted, TwoWorkersOfOnePartitionCountEachImpressionOnce) {
  options_.batch_events_max = 7;
  put(150, 1);
  show(200);
  for (int n = 0; n < 40; ++n) show_with(std::to_string(n % 20));
  for (const auto* group : {"one", "other"}) start(group);
  for (const auto* group : {"one", "other"}) wait_until_done(group);
  EXPECT_EQ(impressions(), 220);
  EXPECT_EQ(all<OutboxRow>().size(), 1U);
}

TEST_P(Counted, TermsThatChangeMeanwhileLoseNoImpression) {
  options_.batch_events_max = 5;
  show(200);
  start();
  for (int budget = 1; budget <= 30; ++budget) put(budget * 5, 1);
  wait_until_done("penstock.ads");
  EXPECT_EQ(impressions(), 200);
  EXPECT_EQ(all<Ad>().front().paused_reason, PauseReason::budget);
  EXPECT_EQ(all<OutboxRow>().size(), static_cast<std::size_t>(all<Ad>().front().budgets_reached));
}

TEST_P(Counted, TheBudgetIsToldOnceWhateverIsReadAgain) {
  put(3, 1);
  store_.fail_next_commit(CommitFault::answer_lost, {ErrorCode::timeout, "no answer"});
  options_.batch_events_max = 2;
  show(5);
  work_off();
  work_off("from the start");
  ASSERT_EQ(all<OutboxRow>().size(), 1U);
  EXPECT_EQ(all<OutboxRow>().front().type, "ad.paused");
  EXPECT_EQ(impressions(), 5);
}

TEST_P(Counted, AnImpressionThatTheStoreCannotHoldIsParkedAndTheRestCounts) {
  store_.fail_commits({ErrorCode::invalid, "a row cannot be stored"},
                      [&](std::span<const TableRows> changes) {
                        for (const auto& rows : changes)
                          if (rows.table == &table_of<Ad>())
                            for (const auto& row : rows.rows)
                              if (std::get<std::string>(row.cells[0]) == kOther) return true;
                        return false;
                      });
  show(3);
  show(1, kOther);
  show(3);
  work_off();
  EXPECT_EQ(impressions(), 6);
  EXPECT_EQ(impressions(kOther), 0);
  ASSERT_EQ(all<InboxRow>().size(), 1U);
  EXPECT_EQ(all<InboxRow>().front().outcome, Outcome::parked);
  EXPECT_EQ(all<InboxRow>().front().reason, "store_rejected");
  EXPECT_EQ(parked_records(), 1);
  store_.mend();
  work_off("from the start");
  EXPECT_EQ(impressions(kOther), 0) << "it is a dead letter now";
  EXPECT_EQ(parked_records(), 1);
}

TEST_P(Counted, ARecordThatNamesNoAdIsParkedAndNotCounted) {
  show(2);
  auto nameless = impression_record(kAd, std::nullopt, "", Catalogue::builtin(), clock_.now());
  for (auto& [name, value] : nameless.headers)
    if (name == "ce_subject") value = "no ad";
  append(nameless);
  show(2);
  work_off();
  work_off("from the start");
  EXPECT_EQ(impressions(), 4);
  ASSERT_EQ(all<InboxRow>().size(), 1U);
  EXPECT_EQ(all<InboxRow>().front().reason, "wrong_shape");
  EXPECT_EQ(parked_records(), 1);
}

TEST_P(Counted, ALogThatIsMadeAnewIsCountedFromItsStartAndSaidAloud) {
  show(20);
  work_off();
  clock_.advance(std::chrono::minutes{5});
  make_log();
  show(3);
  work_off();
  EXPECT_EQ(impressions(), 23);
  show(30);
  work_off();
  work_off("from the start");
  EXPECT_EQ(impressions(), 53) << "also where it passes the offsets of the old one";
  ASSERT_EQ(all<Alert>().size(), 1U);
  const Alert alert = all<Alert>().front();
  EXPECT_EQ(alert.kind, "log_begins_anew");
  EXPECT_EQ(alert.subject, marks().begin()->first);
  EXPECT_THAT(alert.message, HasSubstr("was counted up to offset 19, and now has at offset 0"));
}

TEST_P(Counted, ALogThatIsMadeAnewAgainIsCountedAgain) {
  show(9);
  work_off();
  for (const int impressions_more : {4, 6}) {
    clock_.advance(std::chrono::minutes{5});
    make_log();
    show(impressions_more);
    work_off();
    work_off("from the start");
  }
  EXPECT_EQ(impressions(), 19);
  EXPECT_EQ(all<Alert>().size(), 2U);
}

// Random impressions over several ads and partitions, some with keys that come again; batches of any size
// that begin anywhere in what is done already; and a store that fails in every way.
TEST_P(Counted, IsExactHoweverOftenAndInWhateverPiecesItIsRead) {
  std::mt19937_64 random(testing::test_seed());
  const auto draw = [&](std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>(from, to)(random);
  };
  std::vector<std::string> ads;
  for (int n = 0; n < 5; ++n) ads.push_back(crypto::uuid_v5(kAd, std::to_string(n)));
  for (const auto& ad : ads) put(static_cast<std::int64_t>(draw(0, 40)), 1, ad);

  std::vector<std::vector<StoredRecord>> partitions(kPartitions);
  std::map<std::string, std::int64_t> expected;
  std::set<std::string> keys;
  for (int n = 0; n < 200; ++n) {
    const std::size_t number = draw(0, ads.size() - 1);
    const std::string& ad = ads[number];
    const bool keyed = draw(0, 2) == 0;
    const std::string key = std::to_string(draw(0, 20));
    auto& partition = partitions[number % kPartitions];
    auto record = impression_record(ad, keyed ? std::optional<std::string_view>(key) : std::nullopt, "",
                                    Catalogue::builtin(), clock_.now());
    // Clocks of appenders disagree.
    partition.push_back({{"ads", Partition{static_cast<std::int32_t>(number % kPartitions)},
                          Offset{static_cast<std::int64_t>(partition.size())}},
                         clock_.now() + Milliseconds{draw(0, 2000)},
                         record.key,
                         "",
                         record.headers});
    if (!keyed || keys.insert(ad + key).second) ++expected[ad];
  }

  PoolHealth health("ads", clock_, Milliseconds{15'000});
  Applier applier({"ads", Milliseconds{1}, Milliseconds{2}, "store"},
                  {store_, clock_, sources_, policy_, metrics_,
                   [](const std::vector<Incoming*>&) -> Status { return ok(); }},
                  health, {[](Milliseconds) { return true; }, [](const auto&, const auto&) {}});
  const auto fail_at_random = [&] {
    constexpr ErrorCode kCodes[] = {ErrorCode::conflict, ErrorCode::timeout, ErrorCode::unavailable,
                                    ErrorCode::internal};
    for (std::size_t faults = draw(0, 3); faults > 0; --faults)
      store_.fail_next_commit(draw(0, 1) == 0 ? CommitFault::refused : CommitFault::answer_lost,
                              {kCodes[draw(0, 3)], "at random"});
  };
  std::vector<std::size_t> done(kPartitions);
  for (bool more = true; more;) {
    std::vector<Incoming> batch;
    more = false;
    for (std::size_t p = 0; p < partitions.size(); ++p) {
      const std::size_t from = draw(0, 3) == 0 ? draw(0, done[p]) : done[p];
      const std::size_t to = std::min(partitions[p].size(), std::max(done[p], from) + draw(0, 15));
      for (std::size_t at = from; at < to; ++at) batch.push_back(identify(partitions[p][at]));
      done[p] = std::max(done[p], to);
      more = more || done[p] < partitions[p].size();
    }
    if (batch.empty()) continue;
    fail_at_random();
    auto tried = applier.try_once(batch);
    ASSERT_TRUE(applier.finish(std::move(batch), std::move(tried)));
  }
  for (const auto& ad : all<Ad>()) {
    EXPECT_EQ(ad.impressions, expected[ad.id]) << ad.id;
    EXPECT_EQ(ad.status == AdStatus::paused, ad.impressions >= ad.budget.value) << ad.id;
    EXPECT_EQ(ad.budgets_reached, ad.impressions >= ad.budget.value ? 1 : 0) << ad.id;
  }
}

StoredRecord record_at(std::int64_t offset, std::int64_t appended_ms) {
  return {{"ads", Partition{0}, Offset{offset}}, timestamp_from_unix_ms(appended_ms), "", "", {}};
}

CountedOffset counted(std::initializer_list<StoredRecord> records) {
  CountedOffset mark;
  for (const auto& record : records)
    if (place_of(mark, record) != Place::counted) advance(mark, record);
  return mark;
}

TEST(PlaceOf, NothingIsCountedInANewPartition) {
  EXPECT_EQ(place_of({}, record_at(0, 1000)), Place::next);
  EXPECT_EQ(place_of({}, record_at(7, -1)), Place::next);
}

TEST(PlaceOf, WhatIsCountedIsKnownWhateverTheClocksOfAppendersSay) {
  const std::initializer_list<StoredRecord> records = {record_at(0, 5000), record_at(1, 3000),
                                                       record_at(4, 4000)};
  const CountedOffset mark = counted(records);
  for (const auto& record : records) EXPECT_EQ(place_of(mark, record), Place::counted);
  EXPECT_EQ(place_of(mark, record_at(5, 1)), Place::next);
}

TEST(PlaceOf, AYoungerRecordAtAnOldOffsetIsOfALogMadeAnew) {
  const CountedOffset mark = counted({record_at(9, 5000)});
  EXPECT_EQ(place_of(mark, record_at(0, 5001)), Place::anew);
  EXPECT_EQ(place_of(mark, record_at(0, 5000)), Place::counted)
      << "it cannot be told from one that was counted";
}

TEST(PlaceOf, AnOlderRecordOfTheLogBeforeStaysKnownAfterIt) {
  const CountedOffset mark = counted({record_at(9, 5000), record_at(2, 6000), record_at(3, 5500)});
  for (const std::int64_t offset : {0, 3, 4, 9})
    EXPECT_EQ(place_of(mark, record_at(offset, 5000)), Place::counted);
  EXPECT_EQ(place_of(mark, record_at(3, 5500)), Place::counted);
  EXPECT_EQ(place_of(mark, record_at(4, 5001)), Place::next);
  EXPECT_EQ(place_of(mark, record_at(10, 4000)), Place::next);
}

}  // namespace
}  // namespace penstock
