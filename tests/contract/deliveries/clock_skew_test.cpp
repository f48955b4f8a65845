// Workers whose clocks disagree, as far as leases go.
#include <gtest/gtest.h>

#include "tests/contract/store/harness.h"
#include "tests/fakes/manual_clock.h"
#include "workers/deliveries/leases.h"

namespace penstock {
namespace {

constexpr Milliseconds kLease{30'000};

class DeliveriesClockSkew : public ::testing::TestWithParam<std::string> {
 protected:
  DeliveriesClockSkew() : harness_(make_harness(GetParam())), store_(harness_->open()) {
    EXPECT_TRUE(store_->migrate());
    DeliveryEndpoint endpoint{.id = "config/acme/main", .due_at = right_.now()};
    EXPECT_TRUE(commit(*store_, {{&table_of<DeliveryEndpoint>(),
                                  {{to_cells(std::move(endpoint)), 0, {right_.now(), right_.now(), {}}}}}}));
  }
  // Whether it has the endpoint now.
  bool claim(const Clock& clock, const std::string& worker) {
    const LeaseTerms terms{*store_, clock, worker, kLease};
    const auto holds_none = [](const auto&) { return false; };
    return !claim_endpoints(terms, 10, holds_none).value().empty() ||
           !claim_overlong_leases(terms, 10, holds_none).value().empty();
  }

  const std::unique_ptr<StoreHarness> harness_;
  const std::unique_ptr<StoreAdapter> store_;
  ManualClock right_;
};

PENSTOCK_EVERY_STORE(DeliveriesClockSkew);

TEST_P(DeliveriesClockSkew, AWorkerThatIsAnHourAheadAndDiesKeepsItsEndpointsNoLongerThanALease) {
  ManualClock ahead(right_.now() + std::chrono::hours{1});
  ASSERT_TRUE(claim(ahead, "ahead"));
  right_.advance(kLease);
  EXPECT_TRUE(claim(right_, "right"));
}

TEST_P(DeliveriesClockSkew, AClockThatIsSetBackByAnHourKeepsNoEndpointFromAProgramThatStartsAnew) {
  ASSERT_TRUE(claim(right_, "before"));  // and is killed
  right_.set(right_.now() - std::chrono::hours{1});
  EXPECT_TRUE(claim(right_, "after"));
}

TEST_P(DeliveriesClockSkew, ALeaseThatMayHoldIsLeftAlone) {
  ManualClock ahead(right_.now() + kLease);
  ASSERT_TRUE(claim(ahead, "ahead"));
  EXPECT_FALSE(claim(right_, "right"));
  right_.advance(kLease);
  EXPECT_FALSE(claim(right_, "right"));
  right_.advance(kLease);
  EXPECT_TRUE(claim(right_, "right"));
}

TEST_P(DeliveriesClockSkew, NorIsAnEndpointTakenThatIsDueMuchLater) {
  const std::vector<std::string> keys{"config/acme/later"};
  DeliveryEndpoint later{.id = keys.front(), .due_at = right_.now() + std::chrono::hours{5}};
  EXPECT_TRUE(commit(*store_, {{&table_of<DeliveryEndpoint>(),
                                {{to_cells(std::move(later)), 0, {right_.now(), right_.now(), {}}}}}}));
  ASSERT_TRUE(claim(right_, "right"));
  EXPECT_FALSE(claim(right_, "right"));
}

}  // namespace
}  // namespace penstock
