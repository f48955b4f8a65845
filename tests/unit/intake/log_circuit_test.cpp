#include "ingress/intake/log_circuit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/fakes/held_event_log.h"
#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using fakes::HeldEventLog;
using std::chrono::seconds;
using testing::HasSubstr;

const Position kPosition{"payments", Partition{0}, Offset{7}};
const Error kAway{ErrorCode::unavailable, "no broker"};
const Error kLate{ErrorCode::timeout, "no acknowledgement"};
const Error kFull{ErrorCode::overloaded, "full"};

class LogCircuitTest : public testing::Test {
 protected:
  // Whether the log was given the event.
  bool append() {
    return circuit_
        .append(Record{.topic = "payments", .key = "k", .value = "v", .headers = {}},
                [this](const Result<Position>& result) { result ? ++stored_ : ++failed_; })
        .has_value();
  }
  void answer(const Result<Position>& result) {
    auto held = log_.take();
    ASSERT_TRUE(held);
    held->done(result);
  }
  void go_away() {
    ASSERT_TRUE(append());
    answer(kAway);
  }
  Status ready() { return circuit_.ready({"payments"}); }
  std::string metrics() const { return metrics_.exposition(); }

  HeldEventLog log_;
  ManualClock clock_;
  Metrics metrics_;
  LogCircuit circuit_{log_, clock_, {.answer_deadline = seconds{5}, .address = "kafka at h1:9092"}, metrics_};
  int stored_ = 0, failed_ = 0;
};

TEST_F(LogCircuitTest, TellsTheCallerWhatTheLogAnswers) {
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
  answer(kPosition);
  answer(Error{ErrorCode::invalid, "too large"});
  EXPECT_EQ(stored_, 1);
  EXPECT_EQ(failed_, 1);
}

TEST_F(LogCircuitTest, WhatTheLogDoesNotAnswerInTimeTimesOutOnce) {
  EXPECT_TRUE(append());
  clock_.advance(seconds{3});
  EXPECT_TRUE(append());
  clock_.advance(seconds{2} - Milliseconds{1});
  circuit_.give_up_late();
  EXPECT_EQ(failed_, 0);
  clock_.advance(Milliseconds{1});
  circuit_.give_up_late();
  circuit_.give_up_late();
  EXPECT_EQ(failed_, 1) << "the first";
  answer(kPosition);
  EXPECT_EQ(stored_, 0) << "its time was up";
  answer(kPosition);
  EXPECT_EQ(stored_, 1);
  clock_.advance(seconds{60});
  circuit_.give_up_late();
  EXPECT_EQ(failed_ + stored_, 2);
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_acks_late_total 1"));
}

TEST_F(LogCircuitTest, AnEventThatFindsOutIsNotKeptForLongAndFindsOutAllTheSame) {
  go_away();
  ASSERT_TRUE(append());
  clock_.advance(Milliseconds{250});
  circuit_.give_up_late();
  EXPECT_EQ(failed_, 2);
  EXPECT_FALSE(append()) << "it is still asking";
  answer(kPosition);
  EXPECT_EQ(stored_, 0);
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, WhatTheLogRefusesIsNotAnsweredAgain) {
  log_.refuse_with(kFull);
  EXPECT_FALSE(append());
  clock_.advance(seconds{60});
  circuit_.give_up_late();
  EXPECT_EQ(failed_, 0);
}

TEST_F(LogCircuitTest, WhileTheLogIsAwayOneEventAtATimeAsksForIt) {
  go_away();
  EXPECT_TRUE(append()) << "this one finds out";
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(append());
  EXPECT_EQ(log_.waiting(), 1U);
  answer(kLate);
  EXPECT_TRUE(append()) << "the next one finds out";
  EXPECT_FALSE(append());
  EXPECT_EQ(log_.waiting(), 1U);
}

TEST_F(LogCircuitTest, WhatIsRefusedAtOnceMayBeSentAgain) {
  go_away();
  EXPECT_TRUE(append());
  const auto refused = circuit_.append(Record{}, [](const Result<Position>&) { FAIL() << "was refused"; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

TEST_F(LogCircuitTest, TheFirstAcknowledgementEndsIt) {
  go_away();
  EXPECT_TRUE(append());
  answer(kPosition);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, AnAcknowledgementOfAnEventFromBeforeEndsItToo) {
  ASSERT_TRUE(append());
  auto slow = log_.take();
  go_away();
  EXPECT_TRUE(append());
  EXPECT_FALSE(append());
  slow->done(kPosition);
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, ALogThatRefusesAppendsIsAwayToo) {
  log_.refuse_with(kAway);
  EXPECT_FALSE(append());
  EXPECT_FALSE(append());
  log_.refuse_with(std::nullopt);
  EXPECT_TRUE(append());
  EXPECT_FALSE(append()) << "it is not known yet what becomes of the one before";
  answer(kPosition);
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, ALogThatIsDamagedOrFailsForNoKnownReasonIsAwayToo) {
  for (const ErrorCode code : {ErrorCode::corrupt, ErrorCode::internal, ErrorCode::fenced}) {
    ASSERT_TRUE(append());
    answer(Error{code, "database disk image is malformed"});
    EXPECT_FALSE(ready()) << to_string(code) << ": whatever the log says of itself";
    EXPECT_TRUE(append()) << "this one finds out";
    EXPECT_FALSE(append());
    answer(kPosition);
    EXPECT_TRUE(ready());
  }
}

TEST_F(LogCircuitTest, OnePartitionThatCannotBeReachedIsNoOutage) {
  ASSERT_TRUE(append());
  auto stuck = log_.take();
  ASSERT_TRUE(append());
  answer(kPosition);
  stuck->done(kLate);
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, AFullQueueAndABadRecordSayNothingOfTheLog) {
  for (const auto& error :
       {kFull, Error{ErrorCode::invalid, "too large"}, Error{ErrorCode::wrong_schema, "no such topic"}}) {
    log_.refuse_with(error);
    EXPECT_FALSE(append());
    log_.refuse_with(std::nullopt);
    EXPECT_TRUE(append());
    EXPECT_TRUE(append());
  }
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
}

TEST_F(LogCircuitTest, AFullQueueMakesRoomForTheNextProbe) {
  go_away();
  log_.refuse_with(kFull);
  EXPECT_FALSE(append());
  log_.refuse_with(std::nullopt);
  EXPECT_TRUE(append());
  EXPECT_FALSE(append());
}

TEST_F(LogCircuitTest, ALogThatIsSilentForAsLongAsAnAnswerMayTakeIsAway) {
  EXPECT_TRUE(append());
  clock_.advance(seconds{4});
  EXPECT_TRUE(append());
  clock_.advance(seconds{1});
  EXPECT_TRUE(append()) << "this one finds out";
  EXPECT_FALSE(append());
  EXPECT_FALSE(ready()) << "whatever the log says of itself";
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 1"));
}

TEST_F(LogCircuitTest, ALogThatAnswersSomeIsNotSilent) {
  EXPECT_TRUE(append());
  auto slow = log_.take();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(append());
    answer(kPosition);
    clock_.advance(seconds{1});
  }
  EXPECT_TRUE(append());
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
  slow->done(kLate);
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, ALogThatNobodyAskedWasNotSilent) {
  EXPECT_TRUE(append());
  answer(kPosition);
  clock_.advance(seconds{3'600});
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, AWallClockThatIsSetForwardIsNoSilence) {
  EXPECT_TRUE(append());
  clock_.set(clock_.now() + std::chrono::hours{1});
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
  EXPECT_TRUE(ready());
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
}

TEST_F(LogCircuitTest, AWallClockThatIsSetBackHidesNoSilence) {
  EXPECT_TRUE(append());
  clock_.set(clock_.now() - std::chrono::hours{1});
  clock_.advance(seconds{5});
  EXPECT_TRUE(append()) << "this one finds out";
  EXPECT_FALSE(append());
  clock_.set(clock_.now() - std::chrono::hours{1});
  EXPECT_FALSE(append()) << "it is still asking";
  clock_.advance(seconds{4});
  EXPECT_FALSE(ready());
}

TEST_F(LogCircuitTest, AProbeThatIsNeverAnsweredIsGivenUp) {
  go_away();
  EXPECT_TRUE(append());
  auto lost = log_.take();
  clock_.advance(seconds{5} - Milliseconds{1});
  EXPECT_FALSE(append());
  clock_.advance(Milliseconds{1});
  EXPECT_TRUE(append());
  EXPECT_FALSE(append());
  lost->done(kLate);
  EXPECT_FALSE(append()) << "the answer of the one that was given up is not that of its successor";
}

TEST_F(LogCircuitTest, ReadinessKnowsItBeforeAnEventHasWaited) {
  log_.not_ready_because(kAway);
  EXPECT_FALSE(ready());
  EXPECT_TRUE(append());
  EXPECT_FALSE(append());
}

TEST_F(LogCircuitTest, ALogThatHasJustAcknowledgedIsNotAwayWhateverReadinessSays) {
  ASSERT_TRUE(append());
  answer(kPosition);
  clock_.advance(seconds{5} - Milliseconds{1});
  log_.not_ready_because(kAway);
  EXPECT_FALSE(ready()) << "some partition has no leader, say";
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
}

TEST_F(LogCircuitTest, ALogThatHasAcknowledgedNothingForLongIsAwayWhenReadinessSaysSo) {
  ASSERT_TRUE(append());
  answer(kPosition);
  clock_.advance(seconds{5});
  log_.not_ready_because(kAway);
  EXPECT_FALSE(ready());
  EXPECT_TRUE(append());
  EXPECT_FALSE(append());
}

TEST_F(LogCircuitTest, ReadinessKnowsWithoutAnEventThatItIsBack) {
  log_.not_ready_because(kAway);
  EXPECT_FALSE(ready());
  log_.not_ready_because(std::nullopt);
  EXPECT_TRUE(ready());
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, ALogThatCanBeReachedAndStoresNothingStaysAwayWhileEventsCome) {
  go_away();
  const auto since = to_rfc3339(clock_.now());
  for (int i = 0; i < 5; ++i) {
    const auto answer_to_probe = ready();
    ASSERT_FALSE(answer_to_probe);
    EXPECT_EQ(answer_to_probe.error().code, ErrorCode::unavailable);
    EXPECT_EQ(answer_to_probe.error().detail,
              "acknowledges nothing since " + since + ": " + (i == 0 ? kAway : kLate).detail);
    EXPECT_TRUE(append());
    EXPECT_FALSE(append());
    answer(kLate);
    clock_.advance(seconds{9});
  }
  EXPECT_TRUE(append());
  answer(kPosition);
  EXPECT_TRUE(ready());
}

TEST_F(LogCircuitTest, WithoutEventsALogThatSaysItIsReadyIsTriedAgain) {
  go_away();
  clock_.advance(seconds{10} - Milliseconds{1});
  EXPECT_FALSE(ready());
  clock_.advance(Milliseconds{1});
  EXPECT_TRUE(ready());
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
  EXPECT_TRUE(append()) << "this one finds out";
  EXPECT_FALSE(append()) << "the others do not wait with it";
  EXPECT_TRUE(ready()) << "and nothing has been found out yet";
  answer(kPosition);
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, ATrialThatFailsIsTheSameOutage) {
  go_away();
  const auto since = to_rfc3339(clock_.now());
  for (const bool answered : {true, false}) {
    clock_.advance(seconds{10});
    EXPECT_TRUE(ready());
    EXPECT_TRUE(append());
    if (answered) answer(kLate);
    if (!answered) clock_.advance(seconds{5});
    const auto still_away = ready();
    ASSERT_FALSE(still_away);
    EXPECT_THAT(still_away.error().detail, HasSubstr(since));
    EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 1"));
  }
}

TEST_F(LogCircuitTest, ThereIsNoTrialWhileTheLogSaysItIsNotReady) {
  go_away();
  log_.not_ready_because(kAway);
  clock_.advance(seconds{60});
  EXPECT_FALSE(ready());
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 1"));
}

TEST_F(LogCircuitTest, AnEventThatStillWaitsIsNoQuiet) {
  Metrics metrics;
  LogCircuit circuit(log_, clock_, {.answer_deadline = seconds{60}}, metrics);
  log_.refuse_with(kAway);
  EXPECT_FALSE(circuit.append(Record{}, [](const Result<Position>&) {}));
  log_.refuse_with(std::nullopt);
  EXPECT_TRUE(circuit.append(Record{}, [](const Result<Position>&) {}));
  clock_.advance(seconds{30});
  EXPECT_FALSE(circuit.ready({}));
}

TEST_F(LogCircuitTest, AMissingTopicIsReportedAndNoOutage) {
  log_.not_ready_because(Error{ErrorCode::wrong_schema, "no such topic"});
  const auto answer = ready();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::wrong_schema);
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

// Acknowledges an event while it is asked whether it is ready, and then says that it is not.
class BusyLog final : public HeldEventLog {
 public:
  Status ready(const std::vector<std::string>& topics) override {
    take()->done(kPosition);
    return HeldEventLog::ready(topics);
  }
};

TEST(LogCircuit, WhatAppendsShowWeighsMoreThanReadiness) {
  BusyLog log;
  const ManualClock clock;
  Metrics metrics;
  LogCircuit circuit(log, clock, {}, metrics);
  const auto append = [&] { return circuit.append(Record{}, [](const Result<Position>&) {}).has_value(); };
  EXPECT_TRUE(append());
  log.not_ready_because(kLate);
  EXPECT_FALSE(circuit.ready({}));
  EXPECT_TRUE(append());
  EXPECT_TRUE(append());
}

TEST_F(LogCircuitTest, SaysOnceThatTheLogIsAwayAndOnceThatItIsBack) {
  testing::internal::CaptureStderr();
  go_away();
  for (int i = 0; i < 3; ++i) {
    clock_.advance(seconds{30});
    EXPECT_TRUE(append());
    EXPECT_FALSE(append());
    answer(kLate);
    EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 1"));
  }
  EXPECT_TRUE(append());
  answer(kPosition);
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
  EXPECT_THAT(said, HasSubstr("log unavailable"));
  EXPECT_THAT(said, HasSubstr("no broker"));
  EXPECT_THAT(said, HasSubstr("kafka at h1:9092"));
  EXPECT_THAT(said, HasSubstr("away_s=90"));
  EXPECT_THAT(said, HasSubstr("refused=3"));
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away 0"));
  EXPECT_THAT(metrics(), HasSubstr("penstock_ingress_log_away_refused_total 3"));
  EXPECT_THAT(metrics(), HasSubstr("penstock_log_append_errors_total{code=\"timeout\"} 3"));
  EXPECT_THAT(metrics(), HasSubstr("penstock_log_append_errors_total{code=\"unavailable\"} 1"));
}

TEST_F(LogCircuitTest, ALogThatComesAndGoesDoesNotFillOurs) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i) {
    go_away();
    EXPECT_TRUE(append());
    answer(kPosition);
  }
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
}

// Two outages within one second, of which the second lasts.
class SecondOutage : public LogCircuitTest {
 protected:
  SecondOutage() {
    testing::internal::CaptureStderr();
    go_away();
    EXPECT_TRUE(append());
    answer(kPosition);
    go_away();
    clock_.advance(seconds{1});
  }
  static void expect_both_said() {
    const auto said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 4) << said;
    EXPECT_THAT(said, HasSubstr("away_s=1"));
  }
};

TEST_F(SecondOutage, IsSaidWhenTheNextEventComes) {
  EXPECT_TRUE(append());
  answer(kPosition);
  expect_both_said();
}

TEST_F(SecondOutage, IsSaidWhenReadinessIsAskedFor) {
  EXPECT_FALSE(ready());
  EXPECT_TRUE(append());
  answer(kPosition);
  expect_both_said();
}

TEST(LogCircuit, EveryEventThatIsTakenIsAnsweredOnceFromAnyThread) {
  HeldEventLog log;
  const ManualClock clock;
  Metrics metrics;
  LogCircuit circuit(log, clock, {}, metrics);
  constexpr int kThreads = 4, kEvents = 500;
  std::atomic<int> appending{kThreads}, taken{0}, answered{0}, refused{0};
  std::thread log_thread([&] {
    for (int n = 0; appending > 0 || log.waiting() > 0; ++n)
      if (log.waiting() == 0)
        std::this_thread::yield();
      else
        log.take()->done(n % 7 == 0 ? Result<Position>(kAway) : Result<Position>(kPosition));
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEvents; ++i)
        circuit.append(Record{}, [&](const Result<Position>&) { ++answered; }) ? ++taken : ++refused;
      --appending;
    });
  for (auto& thread : threads) thread.join();
  log_thread.join();
  EXPECT_EQ(taken + refused, kThreads * kEvents);
  EXPECT_EQ(answered, taken);
}

}  // namespace
}  // namespace penstock
