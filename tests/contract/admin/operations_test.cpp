// How the pools are doing: lag, rate, age, state.
#include <condition_variable>
#include <functional>
#include <mutex>

#include "tests/contract/admin/admin_fixture.h"
#include "workers/runtime/pool_note.h"

namespace penstock {
namespace {

// A log whose groups hold the notes that the test puts there, and which stops answering on demand.
class ObservedLog final : public EventSource {
 public:
  explicit ObservedLog(EventSource& log) : log_(log) {}

  // Beside the offsets of that partition of every group, as a worker leaves it.
  void put_note(Partition partition, std::string note) {
    const std::lock_guard lock(mutex_);
    notes_[partition] = std::move(note);
  }
  // From now on nothing is known of groups of that topic.
  void lose(std::string topic) {
    const std::lock_guard lock(mutex_);
    lost_ = std::move(topic);
  }
  void hold() { set_held(true); }
  void release() { set_held(false); }
  // Waits until a question is being held.
  bool wait_for_question() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return waiting_; });
  }

  Result<GroupProgress> progress(const std::string& group, const std::string& topic) override {
    std::unique_lock lock(mutex_);
    waiting_ = held_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    waiting_ = false;
    if (topic == lost_) return Error{ErrorCode::unavailable, "no leader"};
    TRY(auto progress, log_.progress(group, topic));
    for (auto& partition : progress.partitions) partition.note = notes_[partition.partition];
    return progress;
  }
  Result<std::optional<StoredRecord>> read(const Position& position) override { return log_.read(position); }
  Result<std::unique_ptr<EventConsumer>> subscribe(std::string group,
                                                   std::vector<std::string> topics) override {
    return log_.subscribe(std::move(group), std::move(topics));
  }

 private:
  void set_held(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }

  EventSource& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Partition, std::string> notes_;
  std::string lost_;
  bool held_ = false;
  bool waiting_ = false;
};

class AdminPools : public AdminTest {
 protected:
  ~AdminPools() override {
    observed_.release();
    server_.reset();
    api_.reset();
    readiness_.reset();
  }

  void append_payments(int count) {
    for (int i = 0; i < count; ++i) append({"payments", std::to_string(i), "{}", {}});
  }
  std::unique_ptr<EventConsumer> join() {
    auto consumer = log_.log->subscribe("penstock.payments", {"payments"});
    EXPECT_TRUE(consumer);
    return std::move(consumer).value();
  }
  // Reads and commits that many.
  static void consume(EventConsumer& consumer, std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      auto polled = consumer.poll(count - done, Milliseconds{1000});
      ASSERT_TRUE(polled);
      done += polled.value().size();
      for (const auto& record : polled.value()) {
        ASSERT_TRUE(consumer.commit(std::span(&record.position, 1)));
      }
    }
  }
  // From here on the pools are looked at when they are asked for, and at no other time.
  void start() {
    serve_pools(std::chrono::seconds{20});
    EXPECT_EQ(get("/v1/pools").status, 200);
  }
  void serve_pools(Milliseconds answer_wait) {
    AdminOptions options = default_options();
    options.pool_interval = std::chrono::hours{1};
    options.pool_answer_wait = answer_wait;
    serve(options, nullptr, &observed_);
  }
  // Asks until the pools are shown as of now.
  bool become_known() {
    for (int tries = 0; tries < 100; ++tries) {
      reply_ = get("/v1/pools");
      if (reply_.status == 200 && text_of(reply_.data().first()["as_of"]) == now()) return true;
    }
    return false;
  }
  // As of now: the look before is too old.
  json::Value payments() {
    if (!server_) start();
    clock_.advance(kStep);
    reply_ = get("/v1/pools");
    EXPECT_EQ(reply_.status, 200);
    EXPECT_EQ(text_of(reply_.data().first()["as_of"]), now());
    return reply_.data().first();
  }
  void expect_state(std::string_view state, const std::string& since,
                    const std::optional<std::string>& error = {}) {
    const auto pool = payments();
    EXPECT_EQ(text_of(pool["state"]), state);
    EXPECT_EQ(text_of(pool["since"]), since);
    EXPECT_EQ(pool["last_error"].is_null(), !error);
    EXPECT_EQ(text_of(pool["last_error"]), error.value_or(""));
  }
  std::string now() const { return to_rfc3339(clock_.now()); }
  std::string after(Milliseconds delay) const { return to_rfc3339(clock_.now() + delay); }

  static constexpr std::chrono::seconds kStep{6};
  ObservedLog observed_{*log_.log};
  Reply reply_;
};

TEST_F(AdminPools, EveryPoolIsShownWithItsLagAndAge) {
  append_payments(5);
  clock_.advance(std::chrono::seconds{30});
  const auto pool = payments();
  EXPECT_EQ(text_of(pool["name"]), "payments");
  EXPECT_EQ(pool["lag"].integer(), 5);
  EXPECT_EQ(pool["oldest_age_s"].integer(), 36);
  EXPECT_EQ(pool["members"].integer(), 0);
  EXPECT_EQ(pool["partitions"].integer(), 2);
  EXPECT_EQ(text_of(reply_.data().next(pool)["name"]), "payouts");
  EXPECT_TRUE(reply_["next_cursor"].is_null());
}

class AdminDeliveries : public AdminTest {
 protected:
  // As the first look finds it.
  json::Value look() {
    AdminOptions options = default_options();
    options.pool_stuck_after = std::chrono::seconds{15};
    serve(options);
    for (;;) {
      reply_ = get("/v1/pools");
      for (auto each = reply_.data().first(); !each.absent(); each = reply_.data().next(each))
        if (text_of(each["name"]) == "deliveries") return each;
    }
  }
  Reply reply_;
};

TEST_F(AdminDeliveries, WithNothingToTellThePoolIsIdle) {
  const auto pool = look();
  EXPECT_EQ(text_of(pool["state"]), "idle");
  EXPECT_EQ(pool["lag"].integer(), 0);
  EXPECT_EQ(pool["members"].integer(), 0);
  EXPECT_TRUE(pool["last_error"].is_null());
}

TEST_F(AdminDeliveries, EventsThatNobodyPublishesShowThatItIsStuck) {
  write(OutboxRow{"e1", "payment.paid", "default", {"stripe:evt_test"}, "{}", {}, {}});
  const std::string since = to_rfc3339(clock_.now());
  clock_.advance(std::chrono::seconds{16});
  const auto pool = look();
  EXPECT_EQ(text_of(pool["state"]), "stuck");
  EXPECT_EQ(pool["lag"].integer(), 1);
  EXPECT_EQ(pool["oldest_age_s"].integer(), 16);
  EXPECT_EQ(text_of(pool["since"]), since);
  EXPECT_FALSE(pool["last_error"].is_null());
}

TEST_F(AdminDeliveries, EndpointsThatAreDueAndTakenByNobodyShowItToo) {
  write(DeliveryEndpoint{.id = "config/default/a", .due_at = clock_.now()});
  write(DeliveryEndpoint{
      .id = "config/default/b", .due_at = clock_.now() + std::chrono::minutes{1}, .leased_by = "w1"});
  clock_.advance(std::chrono::seconds{15});
  const auto pool = look();
  EXPECT_EQ(text_of(pool["state"]), "stuck");
  EXPECT_EQ(pool["members"].integer(), 1);
}

TEST_F(AdminPools, TheRateIsWhatWasCommittedInTheLastMinute) {
  const auto consumer = join();
  start();
  append_payments(12);
  consume(*consumer, 12);
  const auto pool = payments();
  EXPECT_EQ(pool["rate_1m"].number_text(), "2.00");  // 12 in 6 s
  EXPECT_EQ(pool["lag"].integer(), 0);
  EXPECT_EQ(pool["oldest_age_s"].integer(), 0);
  EXPECT_EQ(pool["members"].integer(), 1);
  clock_.advance(std::chrono::minutes{2});
  EXPECT_EQ(payments()["rate_1m"].number_text(), "0.00");
}

TEST_F(AdminPools, WhatIsShownIsAtMostASecondOld) {
  EXPECT_EQ(payments()["lag"].integer(), 0);
  append_payments(1);
  clock_.advance(Milliseconds{1001});
  EXPECT_EQ(get("/v1/pools").data().first()["lag"].integer(), 1);
}

TEST_F(AdminPools, TheLagIsAMetricOfEachPartition) {
  append_payments(3);
  payments();
  const std::string text = metrics_.exposition();
  EXPECT_NE(text.find(R"(penstock_consumer_lag{partition="0",pool="payments"})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(penstock_consumer_lag{partition="1",pool="payments"})"), std::string::npos) << text;
}

TEST_F(AdminPools, APoolIsIdleWhileItHasNothingToDoAndRunningWhileItMoves) {
  const auto consumer = join();
  const std::string first_look = now();
  start();
  expect_state("idle", first_look);
  expect_state("idle", first_look);
  clock_.advance(std::chrono::hours{1});
  append_payments(40);
  const std::string second_look = after(kStep);
  expect_state("running", second_look);
  for (int i = 0; i < 6; ++i) {
    consume(*consumer, 5);
    expect_state("running", second_look);
  }
  consume(*consumer, 10);
  expect_state("idle", after(kStep));
}

TEST_F(AdminPools, APoolThatMovesNothingForLongIsStuckSinceItLastMoved) {
  const auto consumer = join();
  append_payments(40);
  consume(*consumer, 20);
  payments();
  consume(*consumer, 10);
  const std::string last_moved = after(kStep);
  const std::string running_since = text_of(reply_.data().first()["since"]);
  expect_state("running", running_since);
  expect_state("running", running_since);
  expect_state("running", running_since);
  expect_state("stuck", last_moved, "its workers say nothing");  // 18 s later
  consume(*consumer, 5);
  expect_state("running", after(kStep));
}

TEST_F(AdminPools, WaitingForWorkBeforeItCameDoesNotMakeAPoolStuck) {
  const auto consumer = join();
  payments();
  clock_.advance(std::chrono::hours{1});
  const std::string appended_at = now();
  append_payments(1);
  expect_state("running", after(kStep));
  payments();
  expect_state("stuck", appended_at, "its workers say nothing");
}

TEST_F(AdminPools, APoolWithoutWorkersSaysThat) {
  append_payments(1);
  const std::string first_look = now();
  for (int i = 0; i < 2; ++i) payments();
  expect_state("stuck", first_look, "no worker of this pool is running");
  const PoolNote note{PoolActivity::backing_off, clock_.now() - std::chrono::hours{1}, "unavailable: away"};
  for (const int partition : {0, 1}) observed_.put_note(Partition{partition}, to_text(note));
  expect_state("stuck", to_rfc3339(note.since),
               "no worker of this pool is running; the last one said: unavailable: away");
}

TEST_F(AdminPools, WhatAWorkerNotesIsShownAsSoonAsItIsThere) {
  const auto consumer = join();
  start();
  const std::string first_look = now();
  const Partition partition = append({"payments", "0", "{}", {}}).partition;
  const PoolNote backing_off{PoolActivity::backing_off, clock_.now(), "unavailable: postgresql at h:5432"};
  observed_.put_note(partition, to_text(backing_off));
  expect_state("backing_off", to_rfc3339(backing_off.since), backing_off.error);
  const PoolNote stuck{PoolActivity::stuck, clock_.now() - std::chrono::minutes{7}, "timeout: too slow"};
  observed_.put_note(partition, to_text(stuck));
  expect_state("stuck", to_rfc3339(stuck.since), stuck.error);
  observed_.put_note(partition, "no note of ours");
  expect_state("stuck", first_look, "its workers say nothing");
  observed_.put_note(partition, to_text(stuck));
  consume(*consumer, 1);
  expect_state("idle", after(kStep));
}

TEST_F(AdminPools, OfSeveralNotesTheWorstAndThenTheOldestIsShown) {
  const auto consumer = join();
  append_payments(10);  // both partitions have some
  start();
  const Timestamp at = clock_.now();
  const auto put = [this](int partition, PoolActivity state, Timestamp since, const std::string& error) {
    observed_.put_note(Partition{partition}, to_text(PoolNote{state, since, error}));
  };
  put(0, PoolActivity::backing_off, at - kStep, "old");
  put(1, PoolActivity::stuck, at, "bad");
  expect_state("stuck", to_rfc3339(at), "bad");
  put(1, PoolActivity::backing_off, at, "new");
  expect_state("backing_off", to_rfc3339(at - kStep), "old");
}

TEST_F(AdminPools, TheStateIsAMetric) {
  append_payments(1);
  for (int i = 0; i < 3; ++i) payments();
  const std::string text = metrics_.exposition();
  const auto has = [&text](const std::string& sample) {
    return text.find(sample + "\n") != std::string::npos;
  };
  EXPECT_TRUE(has(R"(penstock_pool_state{pool="payments",state="stuck"} 1)")) << text;
  EXPECT_TRUE(has(R"(penstock_pool_state{pool="payments",state="running"} 0)"));
  EXPECT_TRUE(has(R"(penstock_pool_state{pool="payouts",state="idle"} 1)"));
  EXPECT_TRUE(has(R"(penstock_pool_state{pool="payouts",state="stuck"} 0)"));
}

TEST_F(AdminPools, WhileTheLogIsAwayTheLastLookIsShownWithItsTime) {
  append_payments(5);
  payments();
  const std::string looked_at = now();
  log_.storage->set_available(false);
  clock_.advance(std::chrono::hours{1});
  const Reply away = get("/v1/pools");
  EXPECT_EQ(away.status, 200);
  EXPECT_EQ(away.data().first()["lag"].integer(), 5);
  EXPECT_EQ(text_of(away.data().first()["as_of"]), looked_at);
  log_.storage->set_available(true);
  EXPECT_EQ(payments()["lag"].integer(), 5);
}

TEST_F(AdminPools, APoolThatCannotBeSeenHidesNoOther) {
  start();
  const std::string first_look = now();
  const auto seen_at = [this](const std::string& pool) {
    const std::string text = metrics_.exposition();
    const std::string sample = "penstock_pool_seen_timestamp_seconds{pool=\"" + pool + "\"} ";
    const auto at = text.find(sample);
    return at == std::string::npos ? "" : text.substr(at + sample.size(), 10);
  };
  const std::string first_seen = std::to_string(to_unix_ms(clock_.now()) / 1'000);
  EXPECT_EQ(seen_at("payments"), first_seen);
  observed_.lose("payments");
  append({"payouts", "k", "{}", {}});
  clock_.advance(kStep);
  const Reply reply = get("/v1/pools");
  EXPECT_EQ(reply.status, 200);
  const auto payments = reply.data().first(), payouts = reply.data().next(payments);
  EXPECT_EQ(text_of(payments["as_of"]), first_look);
  EXPECT_EQ(text_of(payouts["as_of"]), now());
  EXPECT_EQ(payouts["lag"].integer(), 1);
  EXPECT_EQ(seen_at("payments"), first_seen);
  EXPECT_EQ(seen_at("payouts"), std::to_string(to_unix_ms(clock_.now()) / 1'000));
}

TEST_F(AdminPools, ALogThatHangsHoldsNoAnswerBack) {
  append_payments(5);
  serve_pools(Milliseconds{100});
  ASSERT_TRUE(become_known());
  const std::string looked_at = now();
  observed_.hold();
  clock_.advance(std::chrono::hours{1});
  for (int i = 0; i < 2; ++i) {
    const Reply reply = get("/v1/pools");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.data().first()["lag"].integer(), 5);
    EXPECT_EQ(text_of(reply.data().first()["as_of"]), looked_at);
  }
  EXPECT_TRUE(observed_.wait_for_question()) << "a look is still under way";
  observed_.release();
  EXPECT_TRUE(become_known());
}

TEST_F(AdminPools, WithoutAnyLookTheLogIsNamed) {
  log_.storage->set_available(false);
  serve_pools(std::chrono::seconds{20});
  const Reply away = get("/v1/pools");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.type(), "unavailable");
  EXPECT_EQ(text_of(away["error"]["message"]), "kafka at k1.internal:9092 is unavailable");
}

TEST_F(AdminPools, ALogThatHangsFromTheBeginningIsNamed) {
  observed_.hold();
  serve_pools(Milliseconds{100});
  const Reply reply = get("/v1/pools");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.type(), "timeout");
  EXPECT_EQ(text_of(reply["error"]["message"]), "kafka at k1.internal:9092 did not answer in time");
}

}  // namespace
}  // namespace penstock
