#include "workers/domain/subscriptions/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/json/codec.h"
#include "workers/domain/state/view.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

const Scope kPlatform{.livemode = true};

Subscription subscription(std::string id, SubscriptionStatus status, std::int64_t started = 0) {
  auto row = make_row<Subscription>(kPlatform, std::move(id));
  row.trusted = true;
  row.status = status;
  row.user_id = "u_1";
  row.started = at(started);
  return row;
}

Customer customer(std::string id, std::optional<std::string> user_id) {
  auto row = make_row<Customer>(kPlatform, std::move(id));
  row.trusted = true;
  row.user_id = std::move(user_id);
  return row;
}

ConnectedAccount account(std::string id, AccountStatus status) {
  auto row = make_row<ConnectedAccount>(kPlatform, std::move(id));
  row.user_id = "u_1";
  row.status = status;
  return row;
}

TEST(Profile, OfAnUnknownUserSaysNone) {
  EXPECT_EQ(json::to_text(make_profile("u_1", true, {})),
            R"({"user_id":"u_1","subscription_status":"none","subscription":null,"plan":null,)"
            R"("current_period_end":null,"customers":[],"account":null,"livemode":true})");
}

TEST(Profile, ShowsTheSubscriptionWithTheBestStatus) {
  std::vector<Subscription> rows;
  // From the worst to the best; the worse ones are the newer.
  for (const auto status :
       {SubscriptionStatus::incomplete_expired, SubscriptionStatus::canceled, SubscriptionStatus::incomplete,
        SubscriptionStatus::paused, SubscriptionStatus::unpaid, SubscriptionStatus::past_due,
        SubscriptionStatus::trialing, SubscriptionStatus::active}) {
    rows.insert(rows.begin(), subscription("sub_" + std::string(to_string(status)), status,
                                           100 - static_cast<std::int64_t>(rows.size())));
    EXPECT_EQ(make_profile("u_1", true, {rows, {}, {}}).subscription_status, to_string(status));
    std::reverse(rows.begin(), rows.end());
    EXPECT_EQ(make_profile("u_1", true, {rows, {}, {}}).subscription_status, to_string(status));
    std::reverse(rows.begin(), rows.end());
  }
}

TEST(Profile, OfEqualStatusTheNewestThenTheGreatestId) {
  const auto older = subscription("sub_z", SubscriptionStatus::active, 100);
  auto newer = subscription("sub_a", SubscriptionStatus::active, 200);
  newer.plan = "price_1";
  newer.current_period_end = at(300);
  const auto same_age = subscription("sub_b", SubscriptionStatus::active, 200);
  EXPECT_EQ(make_profile("u_1", true, {{older, newer}, {}, {}}).subscription, "sub_a");
  EXPECT_EQ(make_profile("u_1", true, {{newer, older}, {}, {}}).plan, "price_1");
  EXPECT_EQ(make_profile("u_1", true, {{newer, older}, {}, {}}).current_period_end, at(300));
  EXPECT_EQ(make_profile("u_1", true, {{newer, older, same_age}, {}, {}}).subscription, "sub_b");
}

TEST(Profile, SubscriptionsOfTheUsersCustomersCountUnlessTheyNameAnother) {
  auto through_customer = subscription("sub_1", SubscriptionStatus::trialing);
  through_customer.user_id.reset();
  through_customer.customer = "cus_1";
  auto of_another = subscription("sub_2", SubscriptionStatus::active);
  of_another.user_id = "u_2";
  of_another.customer = "cus_1";
  auto of_anothers_customer = subscription("sub_3", SubscriptionStatus::active);
  of_anothers_customer.user_id.reset();
  of_anothers_customer.customer = "cus_3";
  const ProfileRows rows{{of_another, through_customer, of_anothers_customer},
                         {customer("cus_2", "u_1"), customer("cus_1", "u_1"), customer("cus_3", "u_2")},
                         {}};
  const auto profile = make_profile("u_1", true, rows);
  EXPECT_EQ(profile.subscription, "sub_1");
  EXPECT_THAT(profile.customers, ElementsAre("cus_1", "cus_2"));
}

// A connected account may have a customer of that id too.
TEST(Profile, OfACustomerOnlySubscriptionsOfItsOwnAccountCount) {
  auto of_an_account = subscription("sub_1", SubscriptionStatus::active);
  of_an_account.account = "acct_1";
  of_an_account.user_id.reset();
  of_an_account.customer = "cus_1";
  auto own = customer("cus_1", "u_1");
  EXPECT_EQ(make_profile("u_1", true, {{of_an_account}, {own}, {}}).subscription_status, "none");
  own.account = "acct_1";
  EXPECT_EQ(make_profile("u_1", true, {{of_an_account}, {own}, {}}).subscription_status, "active");
}

TEST(Profile, RowsThatAreNotTrustedDoNotCount) {
  auto forged = subscription("sub_1", SubscriptionStatus::active);
  auto linked = customer("cus_1", "u_1");
  forged.trusted = linked.trusted = false;
  const auto profile = make_profile("u_1", true, {{forged}, {linked}, {}});
  EXPECT_EQ(profile.subscription_status, "none");
  EXPECT_TRUE(profile.customers.empty());
}

TEST(Profile, SubscriptionsThatOnlyInvoicesHaveNamedDoNotCount) {
  auto unknown = subscription("sub_1", SubscriptionStatus::active);
  unknown.status.reset();
  EXPECT_EQ(make_profile("u_1", true, {{unknown}, {}, {}}).subscription_status, "none");
}

TEST(Profile, ShowsTheAccountThatIsFurthestEnabled) {
  auto of_another = account("acct_9", AccountStatus::enabled);
  of_another.user_id = "u_2";
  const ProfileRows rows{
      {},
      {},
      {account("acct_3", AccountStatus::pending), account("acct_1", AccountStatus::enabled),
       account("acct_2", AccountStatus::enabled), of_another}};
  EXPECT_EQ(make_profile("u_1", true, rows).account, "acct_2");
}

}  // namespace
}  // namespace penstock
