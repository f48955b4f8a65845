// The probes on the real server, over checks that pass, fail or hang when the test says so.
#include "common/http/probes/probes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/fakes/raw_client.h"

namespace penstock {
namespace {

using fakes::body_of;
using fakes::RawClient;
using fakes::status_of;
using testing::HasSubstr;
using testing::Not;

// What a part answers; hangs while it is held.
class FakePart {
 public:
  Status check() {
    std::unique_lock lock(mutex_);
    ++checks_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    return result_;
  }
  void answer_with(Status result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
  }
  void hold() { set_held(true); }
  void release() { set_held(false); }
  int checks() const {
    const std::lock_guard lock(mutex_);
    return checks_;
  }

 private:
  void set_held(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Status result_ = ok();
  bool held_ = false;
  int checks_ = 0;
};

Error away(std::string detail) { return {ErrorCode::unavailable, std::move(detail)}; }

class ProbesTest : public testing::Test {
 protected:
  static constexpr ReadinessOptions kAlwaysAsk{.age_max = Milliseconds{0}};

  void serve(ProbeOptions options, ReadinessOptions readiness = kAlwaysAsk) {
    const std::vector<ReadinessCheck> checks{
        {"log", "kafka at 10.0.0.1:9092", [this] { return log_.check(); }},
        {"store", "postgresql at 10.0.0.2:5432/penstock", [this] { return store_.check(); }},
        {"pools", "", [this] { return pools_.check(); }}};
    readiness_ = std::make_unique<Readiness>(checks, readiness);
    probes_ = std::make_unique<Probes>(options, *readiness_, metrics_);
    server_ = std::make_unique<http::HttpServer>(http::ServerOptions{}, probes_->routes(), metrics_);
    ASSERT_TRUE(server_->start());
  }
  ~ProbesTest() override {
    for (auto* part : {&log_, &store_, &pools_}) part->release();
    server_.reset();
    probes_.reset();
    readiness_.reset();
  }

  std::string get(const std::string& path) const {
    RawClient client(server_->bound_address());
    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return client.answer();
  }
  // Asks until that is the status, for ten seconds at most.
  bool becomes_ready() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (std::chrono::steady_clock::now() < deadline)
      if (status_of(get("/readyz")) == 200) return true;
    return false;
  }

  FakePart log_, store_, pools_;
  Metrics metrics_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<Probes> probes_;
  std::unique_ptr<http::HttpServer> server_;
};

TEST_F(ProbesTest, ThePrivateListenerNamesAllThatIsAwayWithAddressAndCause) {
  serve({.name_causes = true});
  EXPECT_EQ(status_of(get("/readyz")), 200);
  store_.answer_with(away("connection refused"));
  pools_.answer_with(away("pool payments has applied nothing"));
  const std::string answer = get("/readyz");
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_THAT(body_of(answer), HasSubstr(R"("type":"not_ready")"));
  EXPECT_THAT(body_of(answer), HasSubstr(R"("message":"postgresql at 10.0.0.2:5432/penstock is unavailable: )"
                                         R"(connection refused; pool payments has applied nothing")"));
  EXPECT_THAT(body_of(answer), Not(HasSubstr("kafka")));
  log_.answer_with(Error{ErrorCode::wrong_schema, "the log has no topic payouts"});
  EXPECT_THAT(get("/readyz"), HasSubstr("kafka at 10.0.0.1:9092 is not prepared for this program, run "
                                        "penstock-admin migrate: the log has no topic payouts; postgresql"));
}

TEST_F(ProbesTest, ThePublicListenerNamesThePartsAlone) {
  serve({});
  log_.answer_with(away("no route"));
  store_.answer_with(away("connection refused"));
  const std::string answer = get("/readyz");
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(body_of(answer), HasSubstr(R"("message":"not ready: log, store")"));
  for (const char* internal : {"10.0.0", "kafka", "postgresql", "route", "refused"})
    EXPECT_THAT(answer, Not(HasSubstr(internal)));
}

TEST_F(ProbesTest, ACheckThatHangsCountsAsAwayUntilItEnds) {
  serve({.serve_metrics = true, .name_causes = true},
        {.age_max = Milliseconds{0}, .answer_deadline = Milliseconds{50}});
  store_.hold();
  for (int i = 0; i < 3; ++i) {
    const std::string answer = get("/readyz");
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_THAT(body_of(answer),
                HasSubstr(R"("message":"postgresql at 10.0.0.2:5432/penstock does not answer")"));
  }
  EXPECT_EQ(store_.checks(), 1) << "it was not asked again while it hung";
  EXPECT_EQ(status_of(get("/healthz")), 200);
  EXPECT_EQ(status_of(get("/metrics")), 200);
  store_.release();
  EXPECT_TRUE(becomes_ready());
}

TEST_F(ProbesTest, ACheckThatHangsHidesNoOther) {
  serve({.name_causes = true}, {.age_max = Milliseconds{0}, .answer_deadline = Milliseconds{50}});
  log_.hold();
  pools_.answer_with(away("pool payments has applied nothing"));
  EXPECT_THAT(get("/readyz"),
              HasSubstr("kafka at 10.0.0.1:9092 does not answer; pool payments has applied nothing"));
}

TEST_F(ProbesTest, WhatWasReadyAndHangsNowIsNotReady) {
  serve({}, {.age_max = Milliseconds{0}, .answer_deadline = Milliseconds{50}});
  EXPECT_EQ(status_of(get("/readyz")), 200);
  store_.hold();
  EXPECT_EQ(status_of(get("/readyz")), 503);
}

TEST_F(ProbesTest, AFreshAnswerIsSharedByAllWhoAsk) {
  serve({}, {.age_max = std::chrono::hours{1}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(status_of(get("/readyz")), 200);
  EXPECT_EQ(log_.checks(), 1);
}

TEST_F(ProbesTest, AnErrorThatIsNoTextIsNotSent) {
  serve({.name_causes = true});
  log_.answer_with(away("\xff\xfe"));
  EXPECT_THAT(get("/readyz"), HasSubstr(R"("kafka at 10.0.0.1:9092 is unavailable: unavailable")"));
}

TEST_F(ProbesTest, WhatIsAwayIsLoggedOnceUntilItChanges) {
  serve({});
  testing::internal::CaptureStderr();
  get("/readyz");
  for (const char* detail : {"refused", "refused", "timed out"}) {
    store_.answer_with(away(detail));
    get("/readyz");
  }
  log_.answer_with(away("no route"));
  get("/readyz");
  for (auto* part : {&log_, &store_}) part->answer_with(ok());
  get("/readyz");
  const std::string lines = testing::internal::GetCapturedStderr();
  const auto count = [&lines](std::string_view text) {
    int found = 0;
    for (auto at = lines.find(text); at != std::string::npos; at = lines.find(text, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("not ready"), 2) << lines;
  EXPECT_EQ(count("away=store"), 1) << lines;
  EXPECT_EQ(count("postgresql at 10.0.0.2:5432/penstock is unavailable: refused"), 1) << lines;
  EXPECT_EQ(count("away=\"log, store\""), 1) << lines;
  EXPECT_EQ(count("info ready"), 2) << lines;
}

TEST_F(ProbesTest, MetricsAreServedWhereAsked) {
  serve({.serve_metrics = true});
  const std::string answer = get("/metrics");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(body_of(answer), HasSubstr("penstock_build_info"));
  serve({});
  EXPECT_EQ(status_of(get("/metrics")), 404);
}

}  // namespace
}  // namespace penstock
