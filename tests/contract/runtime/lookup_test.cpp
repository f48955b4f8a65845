// Confirmations that come before their payments, on both stores: from the log to a row that waits, to the look-up, to the
// payment or to the parked topic.
#include "workers/runtime/lookup_sweeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "common/adapters/memory/event_log.h"
#include "ingress/doors/confirmations/confirmation_record.h"
#include "tests/contract/store/harness.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/domain/event_builder.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/incoming.h"
#include "workers/sources/api/api.h"
#include "workers/sources/stripe/stripe.h"

namespace penstock {
namespace {

using testing::CommitFault;
using testing::FaultyStore;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSession = R"({"id":"cs_1","object":"checkout.session","payment_status":"paid",
  "status":"complete","amount_total":5000,"currency":"usd","client_reference_id":"u1",
  "metadata":{"app_slug":"courses","course_id":"c1"}})";

class LookUps : public ::testing::TestWithParam<std::string> {
 protected:
  LookUps()
      : harness_(make_harness(GetParam())),
        real_store_(harness_->open()),
        store_(*real_store_),
        log_(open_memory_log({.partitions = 2}, clock_)) {
    EXPECT_TRUE(real_store_->migrate());
    EXPECT_TRUE(log_.log->create_topics({"payments", "parked"}));
    policy_.payment_lookup_delays = {Milliseconds{1'000}, Milliseconds{5'000}};
  }

  // Appends the record and applies it as a worker does.
  Outcome apply(Record record) {
    std::promise<Position> at;
    EXPECT_TRUE(log_.log->append(record, [&](const Result<Position>& done) { at.set_value(done.value()); }));
    std::vector<Incoming> batch;
    batch.push_back(
        identify({at.get_future().get(), clock_.now(), record.key, record.value, record.headers}));
    const BatchContext context{store_,  clock_,   sources_,
                               policy_, metrics_, [](const auto&) -> Status { return ok(); }};
    return apply_batch(context, batch).value().at(0).outcome;
  }
  Outcome confirm(const std::string& id, const std::string& payment = "cs_1") {
    return apply(confirmation_record({id, "default", "0123456789abcdef", payment},
                                     R"({"payment_id": ")" + payment + R"("})", Catalogue::builtin(),
                                     clock_.now()));
  }
  Outcome pay() {
    const std::string body =
        testing::event_body({.type = "checkout.session.completed", .object = kSession, .id = "evt_1"});
    return apply({"payments",
                  "cs_1",
                  body,
                  {{"ce_id", "evt_1"}, {"ce_source", "stripe"}, {"ce_type", "checkout.session.completed"}}});
  }

  Result<int> sweep() {
    return sweep_due_lookups({store_, *log_.log, *log_.log, clock_, policy_, metrics_, Milliseconds{2'000}});
  }
  // Sweeps until all that waits now has had its last look-up but one.
  void sweep_until_the_last() {
    for (const int ms : {1'000, 5'000}) {
      clock_.advance(Milliseconds{ms});
      if (ms == 1'000) {
        EXPECT_TRUE(sweep());
      }
    }
  }

  template <class R>
  std::vector<R> all() {
    const auto rows = real_store_->list(table_of<R>(), {.limit = 500});
    EXPECT_TRUE(rows) << rows.error().detail;
    std::vector<R> typed;
    for (const auto& row : rows.value()) typed.push_back(*from_cells<R>(row.cells));
    return typed;
  }
  InboxRow inbox(const std::string& id) {
    const auto rows = real_store_->read(table_of<InboxRow>(), std::vector<std::string>{"api/default:" + id});
    return *from_cells<InboxRow>(rows.value().at(0).cells);
  }
  std::vector<StoredRecord> letters() {
    std::vector<StoredRecord> found;
    for (int partition = 0; partition < 2; ++partition)
      for (std::int64_t offset = 0;; ++offset) {
        const auto record = log_.log->read({"parked", Partition{partition}, Offset{offset}}).value();
        if (!record) break;
        found.push_back(*record);
      }
    return found;
  }
  std::size_t waiting() {
    std::size_t count = 0;
    for (const auto& row : all<AwaitedPayment>()) count += row.awaiting.size();
    return count;
  }

  std::unique_ptr<StoreHarness> harness_;
  ManualClock clock_;
  std::unique_ptr<StoreAdapter> real_store_;
  FaultyStore store_;
  MemoryEventLog log_;
  const Sources sources_{{stripe_source(StripeMode::both), api_source()}};
  Policy policy_;
  Metrics registry_;
  WorkerMetrics metrics_{registry_};
};
PENSTOCK_EVERY_STORE(LookUps);

TEST_P(LookUps, WhatWaitsIsFulfilledByTheSessionAndLookedUpOnceMore) {
  EXPECT_EQ(confirm("a"), Outcome::applied);
  EXPECT_EQ(inbox("a").reason, "payment_awaited");
  EXPECT_EQ(sweep().value(), 0) << "not due";
  EXPECT_EQ(pay(), Outcome::applied);
  EXPECT_EQ(all<Fulfillment>().size(), 1U);
  clock_.advance(Milliseconds{1'000});
  EXPECT_EQ(sweep().value(), 1);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(all<Fulfillment>().size(), 1U);
  clock_.advance(std::chrono::hours{1});
  EXPECT_EQ(sweep().value(), 0);
  EXPECT_EQ(inbox("a").outcome, Outcome::applied);
}

TEST_P(LookUps, AfterTheLastOneItIsParkedAsOtherDeadLettersAre) {
  confirm("a");
  confirm("b", "cs_2");
  clock_.advance(Milliseconds{1'000});
  EXPECT_EQ(sweep().value(), 2);
  clock_.advance(Milliseconds{4'999});
  EXPECT_EQ(sweep().value(), 0);
  EXPECT_THAT(letters(), IsEmpty());
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(sweep().value(), 2);
  EXPECT_EQ(waiting(), 0U);
  const InboxRow row = inbox("a");
  EXPECT_EQ(row.outcome, Outcome::parked);
  EXPECT_EQ(row.reason, "payment_unknown");
  EXPECT_EQ(row.error_class, "payment_unknown");
  EXPECT_THAT(row.message.value_or(""), HasSubstr("cs_1"));
  EXPECT_EQ(row.attempts, 3);
  const auto parked = letters();
  ASSERT_EQ(parked.size(), 2U);
  for (const auto& letter : parked) {
    EXPECT_EQ(inbox(std::string(find_header(letter.headers, "ce_id").value_or(""))).outcome, Outcome::parked);
    EXPECT_EQ(find_header(letter.headers, "ps_parkedreason"), "payment_unknown");
    EXPECT_EQ(find_header(letter.headers, "ps_parkedtopic"), "payments");
    EXPECT_EQ(find_header(letter.headers, "ps_parkedattempts"), "3");
    EXPECT_EQ(find_header(letter.headers, "ps_apikey"), "0123456789abcdef");
    EXPECT_EQ(letter.value, R"({"payment_id": ")" + letter.key + R"("})");
  }
  clock_.advance(std::chrono::hours{1});
  EXPECT_EQ(sweep().value(), 0);
  EXPECT_THAT(registry_.exposition(),
              HasSubstr(R"(penstock_worker_events_total{outcome="parked",pool="payments"} 2)"));
}

TEST_P(LookUps, NothingIsParkedBeforeItsLetterIsDurable) {
  confirm("a");
  sweep_until_the_last();
  log_.storage->set_available(false);
  EXPECT_FALSE(sweep());
  EXPECT_EQ(inbox("a").outcome, Outcome::applied);
  EXPECT_EQ(waiting(), 1U);
  log_.storage->set_available(true);
  EXPECT_EQ(sweep().value(), 1);
  EXPECT_EQ(inbox("a").outcome, Outcome::parked);
}

TEST_P(LookUps, ACommitThatFailsLeavesItWaiting) {
  confirm("a");
  sweep_until_the_last();
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::unavailable, "away"});
  EXPECT_FALSE(sweep());
  EXPECT_EQ(waiting(), 1U);
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::conflict, "another was first"});
  EXPECT_EQ(sweep().value(), 1) << "a conflict is tried again at once";
  EXPECT_EQ(inbox("a").outcome, Outcome::parked);
  EXPECT_EQ(inbox("a").attempts, 3);
}

TEST_P(LookUps, ALetterIsWrittenEvenWhereTheLogHasLostTheRecord) {
  confirm("a");
  log_ = {};
  log_ = open_memory_log({.partitions = 2}, clock_);
  EXPECT_TRUE(log_.log->create_topics({"payments", "parked"}));
  sweep_until_the_last();
  EXPECT_EQ(sweep().value(), 1);
  const auto parked = letters();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(find_header(parked[0].headers, "ce_id"), "a");
  EXPECT_EQ(find_header(parked[0].headers, "ce_source"), "api/default");
  EXPECT_EQ(parked[0].value, R"({"payment_id":"cs_1"})");
}

TEST_P(LookUps, AnyNumberOfWorkersParkEachOnce) {
  for (int i = 0; i < 20; ++i) confirm("id-" + std::to_string(i), "cs_" + std::to_string(i % 7));
  sweep_until_the_last();
  std::vector<std::future<void>> sweepers;
  for (int i = 0; i < 3; ++i)
    sweepers.push_back(std::async(std::launch::async, [this] {
      for (int times = 0; times < 5; ++times) (void)sweep();  // a store in use is another's turn
    }));
  for (auto& each : sweepers) each.get();
  EXPECT_TRUE(sweep());
  EXPECT_EQ(waiting(), 0U);
  std::set<std::string> parked;
  for (const auto& letter : letters())
    parked.insert(std::string(find_header(letter.headers, "ce_id").value_or("")));
  EXPECT_EQ(parked.size(), 20U);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(inbox("id-" + std::to_string(i)).attempts, 3);
}

}  // namespace
}  // namespace penstock
