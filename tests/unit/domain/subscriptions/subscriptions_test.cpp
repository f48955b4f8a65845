#include "workers/domain/subscriptions/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/domain/world.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kDay = 86'400;

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

// A subscription of sub_1 and cus_1; `more` are further members.
std::string subscription(std::string_view status, std::string_view more = {}) {
  std::string object = R"({"id":"sub_1","object":"subscription","customer":"cus_1","created":500,"status":")";
  object.append(status).append("\"");
  if (!more.empty()) object.append(",").append(more);
  return object + "}";
}

EventSpec told(std::string_view what, std::string object, std::int64_t created = 1000) {
  return {
      .type = "customer.subscription." + std::string(what), .object = std::move(object), .created = created};
}

EventSpec updated(std::string id, std::string object, std::string previous, std::int64_t created = 1000) {
  return {.type = "customer.subscription.updated",
          .object = std::move(object),
          .id = std::move(id),
          .created = created,
          .previous_attributes = std::move(previous)};
}

EventSpec invoice(std::string_view what, std::int64_t created, std::string id = {}) {
  return {.type = "invoice." + std::string(what),
          .object = R"({"id":"in_1","customer":"cus_1","subscription":"sub_1"})",
          .id = std::move(id),
          .created = created};
}

Subscription row(const World& world) {
  const auto found = world.find<Subscription>("sub_1");
  CHECK(found.has_value());
  return *found;
}

std::vector<OutboxRow> outbox(const World& world, std::string_view type) {
  auto rows = world.all<OutboxRow>();
  std::erase_if(rows, [&](const OutboxRow& each) { return each.type != type; });
  return rows;
}

Error refusal(const EventSpec& spec) {
  const auto facts = read_subscription(build_event(spec));
  CHECK(!facts.has_value());
  return facts.error();
}

// Runs the events in every order; the rows must end the same. Answers the state.
std::map<std::string, std::string> expect_same_in_every_order(const std::vector<EventSpec>& specs) {
  std::vector<Event> events;
  for (const auto& spec : specs) events.push_back(build_event(spec));
  std::vector<std::size_t> order(events.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::map<std::string, std::string> first;
  do {
    World world;
    for (const auto i : order) world.run(events[i]);
    for (const auto i : order) world.run(events[i]);
    if (first.empty()) first = world.state();
    EXPECT_EQ(world.state(), first);
  } while (std::next_permutation(order.begin(), order.end()));
  return first;
}

TEST(SubscriptionRead, PeriodPlanAndQuantityComeFromTheFirstItemBeforeTheTopLevel) {
  const auto facts = read_subscription(build_event(told("created", subscription("active", R"(
      "current_period_start":1,"current_period_end":2,"quantity":3,"plan":{"id":"plan_top"},
      "items":{"data":[{"price":{"id":"price_item"},"plan":{"id":"plan_item"},"quantity":4,
                        "current_period_start":5,"current_period_end":6},
                       {"price":{"id":"price_other"},"quantity":9}]})"))));
  ASSERT_TRUE(facts.has_value()) << facts.error().detail;
  const auto& snapshot = facts.value().said;
  EXPECT_EQ(snapshot.plan, "price_item");
  EXPECT_EQ(snapshot.quantity, 4);
  EXPECT_EQ(snapshot.current_period_start, at(5));
  EXPECT_EQ(snapshot.current_period_end, at(6));
}

TEST(SubscriptionRead, TheTopLevelIsTakenWhereTheItemSaysNothing) {
  const auto facts = read_subscription(build_event(told("created", subscription("active", R"(
      "current_period_start":1,"current_period_end":2,"quantity":3,"plan":{"id":"plan_top"},
      "items":{"data":[{"id":"si_1"}]})"))));
  ASSERT_TRUE(facts.has_value()) << facts.error().detail;
  const auto& snapshot = facts.value().said;
  EXPECT_EQ(snapshot.plan, "plan_top");
  EXPECT_EQ(snapshot.quantity, 3);
  EXPECT_EQ(snapshot.current_period_start, at(1));
  EXPECT_EQ(snapshot.current_period_end, at(2));
}

TEST(SubscriptionRead, AnItemsPlanStandsInForItsPrice) {
  const auto facts = read_subscription(build_event(
      told("created", subscription("active", R"("items":{"data":[{"plan":{"id":"plan_item"}}]})"))));
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts.value().said.plan, "plan_item");
}

TEST(SubscriptionRead, ItemsMayBeEmptyOrMissing) {
  EXPECT_TRUE(read_subscription(build_event(told("created", subscription("active")))).has_value());
  EXPECT_TRUE(
      read_subscription(build_event(told("created", subscription("active", R"("items":{"data":[]})"))))
          .has_value());
}

TEST(SubscriptionRead, TheRestIsReadWhereStripePutsIt) {
  const auto facts = read_subscription(build_event(told("updated", subscription("trialing", R"(
      "metadata":{"user_id":"u_1"},"cancel_at_period_end":true,"canceled_at":7,"trial_end":8,
      "latest_invoice":{"id":"in_9","object":"invoice"})"))));
  ASSERT_TRUE(facts.has_value()) << facts.error().detail;
  const auto& snapshot = facts.value().said;
  EXPECT_EQ(snapshot.status, SubscriptionStatus::trialing);
  EXPECT_EQ(snapshot.customer, "cus_1");
  EXPECT_EQ(snapshot.user_id, "u_1");
  EXPECT_EQ(snapshot.started, at(500));
  EXPECT_TRUE(snapshot.cancel_at_period_end);
  EXPECT_EQ(snapshot.canceled_at, at(7));
  EXPECT_EQ(snapshot.trial_end, at(8));
  EXPECT_EQ(snapshot.latest_invoice, "in_9");
}

TEST(SubscriptionRead, WrongShapesAreRefusedWithTheirPath) {
  EXPECT_THAT(refusal(told("updated", subscription("bogus"))).detail,
              HasSubstr("wrong_shape: data.object.status is no subscription status"));
  EXPECT_THAT(refusal(told("updated", R"({"status":"active"})")).detail, HasSubstr("data.object.id"));
  EXPECT_THAT(refusal(told("updated", subscription("active", R"("quantity":"2")"))).detail,
              HasSubstr("data.object.quantity"));
  EXPECT_THAT(refusal(told("updated", subscription("active", R"("items":[])"))).detail,
              HasSubstr("data.object.items"));
  EXPECT_THAT(refusal(told("updated", subscription("active", R"("items":{"data":["si_1"]})"))).detail,
              HasSubstr("data.object.items.data[0]"));
  EXPECT_THAT(
      refusal(told("updated", subscription("active", R"("items":{"data":[{"quantity":1.5}]})"))).detail,
      HasSubstr("data.object.items.data[0].quantity"));
  EXPECT_EQ(refusal(told("updated", subscription("bogus"))).code, ErrorCode::invalid);
}

TEST(SubscriptionsDecide, TheNewestEventIsShown) {
  World world;
  EXPECT_EQ(world.run(told("updated", subscription("past_due"), 2000)), Outcome::applied);
  EXPECT_EQ(world.run(told("created", subscription("incomplete"), 1000)), Outcome::stale);
  EXPECT_EQ(row(world).status, SubscriptionStatus::past_due);
  EXPECT_EQ(world.run(told("updated", subscription("active"), 3000)), Outcome::applied);
  EXPECT_EQ(row(world).status, SubscriptionStatus::active);
}

TEST(SubscriptionsDecide, ANewerEventThatSaysTheSameIsADuplicate) {
  World world;
  world.run(told("created", subscription("trialing"), 1000));
  EXPECT_EQ(world.run(told("trial_will_end", subscription("trialing"), 2000)), Outcome::duplicate);
  EXPECT_EQ(world.run(told("updated", subscription("active"), 1500)), Outcome::stale);
  EXPECT_EQ(row(world).status, SubscriptionStatus::trialing);
}

TEST(SubscriptionsDecide, EveryLifecycleEventCarriesTheState) {
  for (const std::string_view what : {"created", "updated", "paused", "resumed", "trial_will_end",
                                      "pending_update_applied", "pending_update_expired"}) {
    World world;
    EXPECT_EQ(world.run(told(what, subscription("paused"))), Outcome::applied) << what;
    EXPECT_EQ(row(world).status, SubscriptionStatus::paused) << what;
  }
}

TEST(SubscriptionsDecide, UpdatedBeatsCreatedOfTheSameSecond) {
  expect_same_in_every_order(
      {told("created", subscription("incomplete")), told("updated", subscription("active"))});
  World world;
  world.run(told("updated", subscription("active")));
  EXPECT_EQ(world.run(told("created", subscription("incomplete"))), Outcome::stale);
  EXPECT_EQ(row(world).status, SubscriptionStatus::active);
}

TEST(SubscriptionsDecide, PreviousAttributesOrderOneSecondInEveryOrder) {
  const auto state = expect_same_in_every_order(
      {told("created", subscription("incomplete")),
       updated("evt_9", subscription("active"), R"({"status":"incomplete"})"),
       updated("evt_1", subscription("active", R"("cancel_at_period_end":true)"),
               R"({"cancel_at_period_end":null})"),
       updated("evt_5", subscription("past_due"), R"({"status":"incomplete_expired"})", 900)});
  EXPECT_THAT(state.at("subscriptions/live:sub_1"), HasSubstr("cancel_at_period_end=true"));
}

TEST(SubscriptionsDecide, TheEndOfTheSecondsChainIsShown) {
  World world;
  world.run(updated("evt_1", subscription("past_due"), R"({"status":"active"})"));
  world.run(updated("evt_9", subscription("active"), R"({"status":"incomplete"})"));
  EXPECT_EQ(row(world).status, SubscriptionStatus::past_due)
      << "evt_1 follows evt_9 although its id is smaller";
  EXPECT_EQ(world.run(told("created", subscription("incomplete"))), Outcome::stale);
  EXPECT_EQ(row(world).status, SubscriptionStatus::past_due);
}

TEST(SubscriptionsDecide, TerminalStatesNeverRevive) {
  for (const std::string_view final_status : {"canceled", "incomplete_expired"}) {
    World world;
    world.run(told("updated", subscription(final_status), 1000));
    EXPECT_EQ(world.run(told("updated", subscription("active"), 9000)), Outcome::stale) << final_status;
    EXPECT_EQ(to_string(*row(world).status), final_status);
  }
  expect_same_in_every_order({told("deleted", subscription("canceled"), 1000),
                              told("created", subscription("active"), 900),
                              told("updated", subscription("active"), 2000),
                              told("updated", subscription("canceled", R"("canceled_at":1500)"), 1500)});
}

TEST(SubscriptionsDecide, ADeletedSubscriptionIsCanceledWhateverItsObjectSays) {
  World world;
  world.run(told("deleted", subscription("active"), 1000));
  world.run(told("updated", subscription("active"), 2000));
  EXPECT_EQ(row(world).status, SubscriptionStatus::canceled);
}

TEST(SubscriptionsDecide, PeriodsFarFromNowAreKept) {
  World world;
  EXPECT_EQ(world.run(told("updated", subscription("active", R"("current_period_start":32503680000,
      "current_period_end":32506358400,"test_clock":"clock_1")"))),
            Outcome::applied);
  EXPECT_EQ(row(world).current_period_end, at(32'506'358'400));
}

TEST(SubscriptionsDecide, TrustIsThatOfTheEventThatIsShown) {
  auto first = told("created", subscription("active"), 1000);
  auto newer = told("updated", subscription("past_due"), 2000);
  auto paid = invoice("paid", 3000);
  first.account = newer.account = paid.account = "acct_1";
  const auto is_trusted = [](const World& world) {
    return world.find<Subscription>("sub_1", {true, "acct_1"})->trusted;
  };
  for (const bool newer_first : {false, true}) {
    World world;
    for (const auto* event : newer_first ? std::vector{&newer, &first} : std::vector{&first, &newer}) {
      world.set_policy({.trust_connected_accounts = event == &first});
      world.run(*event);
    }
    EXPECT_FALSE(is_trusted(world)) << newer_first;
    world.set_policy({.trust_connected_accounts = true});
    world.run(paid);
    EXPECT_FALSE(is_trusted(world)) << "an invoice says nothing of whose the subscription is";
  }
}

TEST(SubscriptionsDecide, ModesAndAccountsHaveRowsOfTheirOwn) {
  auto live = told("created", subscription("active"), 1000);
  auto test = told("deleted", subscription("canceled"), 2000);
  test.livemode = false;
  auto connected = told("updated", subscription("past_due"), 3000);
  connected.account = "acct_1";
  auto connected_invoice = invoice("payment_failed", 3000);
  connected_invoice.account = "acct_1";
  const auto state = expect_same_in_every_order({live, test, connected, connected_invoice});
  EXPECT_THAT(state.at("subscriptions/live:sub_1"), HasSubstr("status=active"));
  EXPECT_THAT(state.at("subscriptions/live:sub_1"), HasSubstr("last_payment=null"));
  EXPECT_THAT(state.at("subscriptions/test:sub_1"), HasSubstr("status=canceled"));
  EXPECT_THAT(state.at("subscriptions/live/acct_1:sub_1"), HasSubstr("status=past_due"));
  EXPECT_THAT(state.at("subscriptions/live/acct_1:sub_1"), HasSubstr("last_payment=failed"));
}

TEST(SubscriptionsOutbound, EachVisibleChangeIsToldOnce) {
  World world;
  world.run(told("created", subscription("active", R"("metadata":{"user_id":"u_1"})"), 1000));
  world.run(told("trial_will_end", subscription("active", R"("metadata":{"user_id":"u_1"})"), 1100));
  world.run(told("updated", subscription("trialing"), 900));
  ASSERT_EQ(outbox(world, "subscription.updated").size(), 1u);
  const auto data = json::Document::parse(outbox(world, "subscription.updated").front().data);
  ASSERT_TRUE(data.has_value());
  const auto root = data.value().root();
  EXPECT_EQ(root["id"].string(), "sub_1");
  EXPECT_EQ(root["status"].string(), "active");
  EXPECT_EQ(root["user_id"].string(), "u_1");
  EXPECT_TRUE(root["last_payment"].is_null());
  world.run(told("updated", subscription("past_due"), 1200));
  EXPECT_EQ(outbox(world, "subscription.updated").size(), 2u);
}

TEST(SubscriptionsOutbound, TheEndIsToldOnceAsCanceled) {
  World world;
  world.run(told("created", subscription("active"), 1000));
  world.run(told("updated", subscription("canceled"), 2000));
  world.run(told("deleted", subscription("canceled"), 2000));
  world.run(told("deleted", subscription("canceled", R"("canceled_at":2000)"), 2001));
  EXPECT_EQ(outbox(world, "subscription.canceled").size(), 1u);
  EXPECT_EQ(outbox(world, "subscription.updated").size(), 2u) << "created, and canceled_at at the end";
}

TEST(SubscriptionsOutbound, NamesTheCustomersUserWhereMetadataNamesNone) {
  World world;
  const auto linked = world.carry_out(
      EventKey{"test:link"}, [](const View&, Reads& reads) { reads.want<Customer>("live:cus_1"); },
      [](const View& view) -> Result<Effects> {
        auto customer = view.get_or_new<Customer>({.livemode = true}, "cus_1");
        customer.user_id = "u_7";
        Effects effects;
        effects.put(std::move(customer));
        return effects;
      });
  ASSERT_TRUE(linked.has_value());
  world.run(told("created", subscription("active")));
  ASSERT_EQ(outbox(world, "subscription.updated").size(), 1u);
  EXPECT_THAT(outbox(world, "subscription.updated").front().data, HasSubstr(R"("user_id":"u_7")"));
  EXPECT_EQ(row(world).user_id, std::nullopt) << "the row keeps what the subscription itself says";
}

TEST(SubscriptionView, HasTheFieldsOfTheContract) {
  Subscription known;
  known.id = "sub_1";
  known.last_payment = InvoiceOutcome::paid;
  known.current_period_end = at(30 * kDay);
  EXPECT_EQ(json::to_text(subscription_view(known, "u_1")),
            R"({"id":"sub_1","status":null,"customer":null,"user_id":"u_1","plan":null,"quantity":null,)"
            R"("current_period_start":null,"current_period_end":"1970-01-31T00:00:00Z",)"
            R"("cancel_at_period_end":false,"canceled_at":null,"trial_end":null,"latest_invoice":null,)"
            R"("last_payment":"paid","livemode":false,"account":null})");
  known.user_id = "u_own";
  EXPECT_EQ(subscription_view(known, "u_1").user_id, "u_own");
}

TEST(InvoicesRead, TheSubscriptionIsFoundInBothShapes) {
  const auto subscription_of = [](std::string object) {
    const auto facts = read_invoice(build_event({.type = "invoice.paid", .object = std::move(object)}));
    CHECK(facts.has_value());
    return facts.value().subscription;
  };
  EXPECT_EQ(subscription_of(R"({"id":"in_1","subscription":"sub_1"})"), "sub_1");
  EXPECT_EQ(subscription_of(R"({"id":"in_1","subscription":{"id":"sub_1"}})"), "sub_1");
  EXPECT_EQ(subscription_of(R"({"id":"in_1","parent":{"subscription_details":{"subscription":"sub_1"}}})"),
            "sub_1");
  EXPECT_EQ(
      subscription_of(R"({"id":"in_1","parent":{"subscription_details":{"subscription":{"id":"sub_1"}}}})"),
      "sub_1");
  EXPECT_EQ(subscription_of(R"({"id":"in_1","subscription":null,"parent":null})"), std::nullopt);
  EXPECT_EQ(subscription_of(R"({"id":"in_1","parent":{"subscription_details":null}})"), std::nullopt);
}

TEST(InvoicesRead, WrongShapesAreRefused) {
  const auto refused = [](std::string object) {
    return !read_invoice(build_event({.type = "invoice.paid", .object = std::move(object)})).has_value();
  };
  EXPECT_TRUE(refused(R"({"id":"in_1","subscription":7})"));
  EXPECT_TRUE(refused(R"({"id":"in_1","parent":{"subscription_details":"sub_1"}})"));
  EXPECT_TRUE(refused(R"({"id":"in_1","parent":{"subscription_details":{"subscription":true}}})"));
}

TEST(InvoicesDecide, OneWithoutASubscriptionIsIgnored) {
  World world;
  EXPECT_EQ(world.run({.type = "invoice.paid", .object = R"({"id":"in_1","customer":"cus_1"})"}),
            Outcome::ignored);
  EXPECT_EQ(world.reason(), "no_subscription");
  EXPECT_TRUE(world.state().empty());
}

TEST(InvoicesDecide, OneBeforeItsSubscriptionMakesTheRow) {
  World world;
  EXPECT_EQ(world.run(invoice("paid", 1000)), Outcome::applied);
  EXPECT_EQ(row(world).status, std::nullopt);
  EXPECT_EQ(row(world).last_payment, InvoiceOutcome::paid);
  EXPECT_TRUE(world.all<OutboxRow>().empty()) << "nothing is known of the subscription yet";
  EXPECT_EQ(world.run(told("created", subscription("active"), 999)), Outcome::applied);
  EXPECT_EQ(row(world).last_payment, InvoiceOutcome::paid);
  EXPECT_EQ(outbox(world, "subscription.updated").size(), 1u);
}

TEST(InvoicesDecide, TheNewestOutcomeHoldsInEveryOrder) {
  const auto state =
      expect_same_in_every_order({invoice("paid", 1000), invoice("payment_failed", 2000),
                                  invoice("paid", 1500), told("created", subscription("active"))});
  EXPECT_THAT(state.at("subscriptions/live:sub_1"), HasSubstr("last_payment=failed"));
}

TEST(InvoicesDecide, PaidBeatsFailedOfTheSameSecond) {
  const auto state =
      expect_same_in_every_order({invoice("payment_failed", 1000, "evt_9"), invoice("paid", 1000, "evt_1"),
                                  invoice("paid", 1000, "evt_2")});
  EXPECT_THAT(state.at("subscriptions/live:sub_1"), HasSubstr("last_payment=paid"));
}

TEST(InvoicesDecide, OutcomesSayWhatWasNew) {
  World world;
  EXPECT_EQ(world.run(invoice("paid", 2000)), Outcome::applied);
  EXPECT_EQ(world.run(invoice("payment_failed", 1000)), Outcome::stale);
  EXPECT_EQ(world.run(invoice("paid", 3000)), Outcome::duplicate);
  EXPECT_EQ(world.run(invoice("payment_failed", 2500)), Outcome::stale);
  EXPECT_EQ(world.run(invoice("payment_failed", 4000)), Outcome::applied);
}

TEST(InvoicesDecide, AChangeIsToldWithTheSubscription) {
  World world;
  world.run(told("created", subscription("active"), 1000));
  world.run(invoice("payment_failed", 1001));
  const auto events = outbox(world, "subscription.updated");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const OutboxRow& each) {
    return each.data.find(R"("last_payment":"failed")") != std::string::npos;
  }));
}

}  // namespace
}  // namespace penstock::testing
