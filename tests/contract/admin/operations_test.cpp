// Lag, rate and age of the pools.
#include "tests/contract/admin/admin_fixture.h"

namespace penstock {
namespace {

class AdminPools : public AdminTest {
 protected:
  void append_payments(int count) {
    for (int i = 0; i < count; ++i) append({"payments", std::to_string(i), "{}", {}});
  }
  // Reads and commits all there is.
  void consume(EventConsumer& consumer, std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      auto polled = consumer.poll(100, Milliseconds{1000});
      ASSERT_TRUE(polled);
      done += polled.value().size();
      for (const auto& record : polled.value()) {
        ASSERT_TRUE(consumer.commit(std::span(&record.position, 1)));
      }
    }
  }
  // As of now: the look before is too old.
  json::Value payments() {
    clock_.advance(std::chrono::seconds{6});
    reply_ = get("/v1/pools");
    EXPECT_EQ(reply_.status, 200);
    return reply_.data().first();
  }

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
  EXPECT_EQ(reply_.data().size(), 2U);
  EXPECT_TRUE(reply_["next_cursor"].is_null());
}

TEST_F(AdminPools, TheRateIsWhatWasCommittedInTheLastMinute) {
  auto consumer = log_.log->subscribe("penstock.payments", {"payments"});
  ASSERT_TRUE(consumer);
  EXPECT_EQ(payments()["rate_1m"].number_text(), "0.00");
  append_payments(12);
  consume(*consumer.value(), 12);
  const auto pool = payments();
  EXPECT_EQ(pool["rate_1m"].number_text(), "2.00");  // 12 in 6 s
  EXPECT_EQ(pool["lag"].integer(), 0);
  EXPECT_EQ(pool["oldest_age_s"].integer(), 0);
  EXPECT_EQ(pool["members"].integer(), 1);
  clock_.advance(std::chrono::minutes{2});
  EXPECT_EQ(payments()["rate_1m"].number_text(), "0.00");
}

TEST_F(AdminPools, WhatIsShownIsAtMostASecondOld) {
  serve();
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

TEST_F(AdminPools, ALogThatIsAwayIsSaidAndNotGuessed) {
  serve();
  payments();
  log_.storage->set_available(false);
  clock_.advance(std::chrono::seconds{6});
  const Reply away = get("/v1/pools");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.type(), "unavailable");
  log_.storage->set_available(true);
  EXPECT_EQ(get("/v1/pools").status, 200);
}

}  // namespace
}  // namespace penstock
