// From the outbox to the receiver, on both stores: events are published and sent by workers whose clock stands still and whose
// receivers answer when the test says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/org.h"
#include "tests/contract/store/harness.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/held_sender.h"
#include "tests/fakes/manual_clock.h"
#include "workers/deliveries/dispatcher.h"
#include "workers/deliveries/publish.h"
#include "workers/deliveries/queue_again.h"

namespace penstock {
namespace {

using fakes::HeldRequest;
using fakes::HeldSender;
using registry::App;
using registry::WebhookConfig;
using registry::WebhookConfigs;
using testing::CommitFault;
using ::testing::ElementsAre;
using testing::FaultyStore;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr Milliseconds kLease{30'000};
constexpr Milliseconds kDelay{5'000};

class Deliveries : public ::testing::TestWithParam<std::string> {
 protected:
  Deliveries() : harness_(make_harness(GetParam())), real_store_(harness_->open()), store_(*real_store_) {
    EXPECT_TRUE(real_store_->migrate());
    settings_.replace({});
  }

  static WebhookConfig config(std::string id, std::vector<std::string> types = {"*"}) {
    WebhookConfig made;
    made.id = std::move(id);
    made.url = "https://" + made.id + ".example.com/hook";
    made.event_types = std::move(types);
    made.secrets = {{"a secret of 16 bytes", std::nullopt}};
    return made;
  }
  void configure(std::vector<WebhookConfig> configs, const std::string& org = "acme") {
    settings_.apply({{registry::make_key<WebhookConfigs>(org),
                      registry::State::there,
                      {{++revision_}, WebhookConfigs{org, std::move(configs)}}}});
  }
  // As a worker that has applied an event.
  void tell(const std::string& id, const std::string& type = "payment.succeeded",
            const std::string& org = "acme", std::optional<std::string> app = {}) {
    const OutboxRow row{id, type, org, {"stripe:evt"}, "{\"n\":1}", std::move(app), {}, false};
    ASSERT_TRUE(
        commit(*real_store_, {{&table_of<OutboxRow>(), {{to_cells(row), 0, {clock_.now(), {}, {}}}}}}));
  }
  std::size_t publish() { return publish_events(store_, settings_.current(), clock_).value(); }
  std::unique_ptr<Dispatcher> worker(const std::string& name = "w1", DispatcherOptions options = {}) {
    return worker_with(clock_, name, std::move(options));
  }
  std::unique_ptr<Dispatcher> worker_with(const Clock& clock, const std::string& name,
                                          DispatcherOptions options = {}) {
    options.worker = name;
    options.schedule = {kDelay, kDelay};
    options.lease = kLease;
    return std::make_unique<Dispatcher>(
        options, DispatcherPorts{store_, sender_, settings_, clock, metrics_,
                                 [this](const std::string& endpoint) { disabled_.push_back(endpoint); }});
  }

  template <class R>
  std::vector<R> all(Table table = table_of<R>()) {
    ListQuery query;
    query.order = ListOrder::none;
    query.limit = 10'000;
    std::vector<R> rows;
    const auto listed = real_store_->list(table, query).value();
    for (const auto& row : listed) rows.push_back(from_row<R>(row).value());
    return rows;
  }
  std::vector<std::string> feed(const std::string& org = "acme") {
    ListQuery query;
    query.filters = {{"reader", org}};
    query.order = ListOrder::oldest_first;
    std::vector<std::string> events;
    const auto listed = real_store_->list(table_of<FeedEvent>(), query).value();
    for (const auto& row : listed) events.push_back(from_row<FeedEvent>(row).value().event);
    return events;
  }
  static std::string id_of(std::int64_t place, const std::string& config) {
    const std::string digits = std::to_string(place);
    return std::string(19 - digits.size(), '0') + digits + "@config/acme/" + config;
  }
  Delivery delivery(const std::string& id) {
    const std::vector<std::string> keys{id};
    return from_row<Delivery>(real_store_->read(table_of<Delivery>(), keys).value().at(0)).value();
  }
  DeliveryEndpoint endpoint(const std::string& id) {
    const std::vector<std::string> keys{id};
    return from_row<DeliveryEndpoint>(real_store_->read(table_of<DeliveryEndpoint>(), keys).value().at(0))
        .value();
  }
  // How many attempts have left their delivery in each status.
  std::map<std::string, int> attempts_by_status() {
    std::map<std::string, int> count;
    for (const auto& each : all<DeliveryAttempt>()) ++count[std::string(to_string(each.status))];
    return count;
  }
  // Every request that is held; with no status it fails.
  void answer_all(const std::function<std::optional<int>(const HeldRequest&)>& status) {
    while (!sender_.held.empty()) {
      const auto request = sender_.take();
      if (const auto given = status(request))
        request.answer(*given);
      else
        request.fail(SendError::timeout);
    }
  }
  std::vector<std::string> sent_ids() {
    std::vector<std::string> ids;
    for (const auto& each : sender_.held) ids.push_back(each.field("webhook-id"));
    return ids;
  }

  std::unique_ptr<StoreHarness> harness_;
  std::unique_ptr<StoreAdapter> real_store_;
  FaultyStore store_;
  ManualClock clock_;
  registry::Table settings_;
  HeldSender sender_;
  Metrics metrics_registry_;
  DeliveryMetrics metrics_{metrics_registry_};
  std::vector<std::string> disabled_;
  std::int64_t revision_ = 0;
  int events_ = 0;
};

PENSTOCK_EVERY_STORE(Deliveries);

TEST_P(Deliveries, AnEventHasOnePlaceAndADeliveryForEachConfigThatWantsIt) {
  configure({config("a"), config("b", {"payment.*"}), config("c", {"payout.paid"})});
  auto off = config("d");
  off.enabled = false;
  configure({config("a"), config("b", {"payment.*"}), config("c", {"payout.paid"}), off});
  configure({config("x")}, "globex");
  tell("e1");
  tell("e2", "payout.paid");
  EXPECT_EQ(publish(), 2U);
  EXPECT_EQ(publish(), 0U);
  std::vector<std::string> ids;
  for (const auto& each : all<Delivery>()) ids.push_back(each.id);
  EXPECT_THAT(ids, UnorderedElementsAre(id_of(1, "a"), id_of(1, "b"), id_of(2, "a"), id_of(2, "c")));
  EXPECT_THAT(feed(), ElementsAre("e1", "e2"));
}

TEST_P(Deliveries, EventsOfManyEndpointsArePublishedAFewAtATime) {
  std::vector<WebhookConfig> configs;
  for (int n = 0; n < 100; ++n) configs.push_back(config("c" + std::to_string(n)));
  configure(configs);
  for (int n = 0; n < 60; ++n) tell("e" + std::to_string(100 + n));
  EXPECT_EQ(publish(), 50U);
  EXPECT_EQ(publish(), 10U);
  EXPECT_EQ(publish(), 0U);
  EXPECT_THAT(all<Delivery>(), SizeIs(6'000));
}

TEST_P(Deliveries, AnEventForAnAppIsTheAppsAlone) {
  configure({config("a")}, std::string(kDefaultOrg));
  settings_.apply(
      {{registry::make_key<App>("courses"),
        registry::State::there,
        {{++revision_}, App{true, "https://courses.example.com/", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"}}}});
  tell("e1", "payment.succeeded", std::string(kDefaultOrg), "courses");
  EXPECT_EQ(publish(), 1U);
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_THAT(sender_.held, SizeIs(1));
  EXPECT_EQ(sender_.held[0].request.url, "https://courses.example.com/");
  EXPECT_THAT(feed(std::string(kDefaultOrg)), IsEmpty());
  sender_.take().answer(200);
}

TEST_P(Deliveries, WhatIsCommittedLateComesLater) {
  const auto early = clock_.now();
  clock_.advance(Milliseconds{1'000});
  tell("e2");
  EXPECT_EQ(publish(), 1U);
  const OutboxRow late{"e1", "payment.succeeded", "acme", {"stripe:evt"}, "{}", {}, {}, false};
  ASSERT_TRUE(commit(*real_store_, {{&table_of<OutboxRow>(), {{to_cells(late), 0, {early, {}, {}}}}}}));
  clock_.set(early);  // and the publisher's clock is set back
  EXPECT_EQ(publish(), 1U);
  EXPECT_THAT(feed(), ElementsAre("e2", "e1"));
}

TEST_P(Deliveries, WhatIsPublishedTwiceAtOnceIsPublishedOnce) {
  configure({config("a")});
  tell("e1");
  store_.fail_next_commit(CommitFault::answer_lost, {ErrorCode::unavailable, "lost"});
  EXPECT_FALSE(publish_events(store_, settings_.current(), clock_));
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::unavailable, "refused"});
  tell("e2");
  EXPECT_FALSE(publish_events(store_, settings_.current(), clock_));
  EXPECT_EQ(publish(), 1U);
  EXPECT_THAT(feed(), ElementsAre("e1", "e2"));
  EXPECT_THAT(all<Delivery>(), SizeIs(2));
}

TEST_P(Deliveries, WhatIsTakenIsDone) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_THAT(sender_.held, SizeIs(1));
  const auto request = sender_.take();
  EXPECT_EQ(request.request.url, "https://a.example.com/hook");
  EXPECT_EQ(request.request.body, "{\"id\":\"e1\",\"type\":\"payment.succeeded\",\"timestamp\":\"" +
                                      to_rfc3339(clock_.now()) + "\",\"data\":{\"n\":1}}");
  request.answer(204);
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, IsEmpty());
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::succeeded);
  EXPECT_EQ(delivery(id_of(1, "a")).due_at, std::nullopt);
  const auto attempts = all<DeliveryAttempt>();
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(attempts[0].status_code, 204);
  EXPECT_EQ(attempts[0].response_body, "ok");
  EXPECT_EQ(attempts[0].attempt, 1);
  const auto endpoints = all<DeliveryEndpoint>();
  ASSERT_THAT(endpoints, SizeIs(1));
  EXPECT_EQ(endpoints[0].leased_by, std::nullopt);
  EXPECT_EQ(endpoints[0].due_at, std::nullopt);
}

TEST_P(Deliveries, WhatIsNotTakenIsSentAgainUntilTheScheduleEnds) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(dispatcher->turn());
    ASSERT_THAT(sender_.held, SizeIs(1)) << attempt;
    if (attempt == 2)
      sender_.take().fail(SendError::connect_timeout);
    else
      sender_.take().answer(503);
    ASSERT_TRUE(dispatcher->turn());
    EXPECT_THAT(sender_.held, IsEmpty()) << "its time has not come";
    clock_.advance(kDelay * 13 / 10);
  }
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, IsEmpty());
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::failed);
  EXPECT_EQ(delivery(id_of(1, "a")).attempts, 3);
}

TEST_P(Deliveries, AWorkerThatDiesLosesNothingAndAnotherSendsItAgain) {
  configure({config("a")});
  tell("e1");
  publish();
  auto first = worker("w1");
  ASSERT_TRUE(first->turn());
  auto second = worker("w2");
  ASSERT_TRUE(second->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e1")) << "the endpoint is the first one's";
  clock_.advance(kLease + Milliseconds{1});  // and the first one does nothing any more
  ASSERT_TRUE(second->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e1", "e1"));
  sender_.take().answer(200);
  sender_.take().answer(200);
  ASSERT_TRUE(second->turn());
  ASSERT_TRUE(first->turn());
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::succeeded);
}

TEST_P(Deliveries, AnEventThatIsPublishedWhileItsEndpointIsGivenBackIsNotForgotten) {
  configure({config("a")});
  auto dispatcher = worker();
  for (int n = 0; n < 5; ++n) {
    tell("e" + std::to_string(n));
    publish();
    ASSERT_TRUE(dispatcher->turn());
    ASSERT_THAT(sender_.held, SizeIs(1)) << n;
    tell("f" + std::to_string(n));
    publish();  // while it is leased
    sender_.take().answer(200);
    ASSERT_TRUE(dispatcher->turn());
    ASSERT_THAT(sent_ids(), ElementsAre("f" + std::to_string(n)));
    sender_.take().answer(200);
    ASSERT_TRUE(dispatcher->turn());
  }
}

TEST_P(Deliveries, NoMoreThanItsConcurrencyIsSentToAnEndpointAtOnce) {
  auto slow = config("slow", {"payout.paid"});
  slow.concurrency = 2;
  configure({slow, config("fast", {"payment.*"})});
  for (int n = 0; n < 6; ++n) tell("p" + std::to_string(n), "payout.paid");
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), UnorderedElementsAre("p0", "p1", "e1"));
  while (!sender_.held.empty()) sender_.take().answer(200);
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), UnorderedElementsAre("p2", "p3"));
  while (!sender_.held.empty()) sender_.take().answer(200);
}

TEST_P(Deliveries, AStoreThatFailsLosesNoResult) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  sender_.take().answer(200);
  store_.fail_next_commit(CommitFault::refused, {ErrorCode::unavailable, "away"});
  EXPECT_FALSE(dispatcher->turn());
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::succeeded);
  EXPECT_THAT(all<DeliveryAttempt>(), SizeIs(1));
}

TEST_P(Deliveries, ToAConfigThatIsDisabledNothingIsSentUntilItIsEnabled) {
  configure({config("a")});
  tell("e1");
  publish();
  auto off = config("a");
  off.enabled = false;
  configure({off});
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, IsEmpty());
  configure({config("a")});
  clock_.advance(std::chrono::minutes{6});
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e1"));
  sender_.take().answer(200);
}

TEST_P(Deliveries, TheOldestEventIsSentFirst) {
  auto slow = config("a");
  slow.concurrency = 1;
  configure({slow});
  for (const char* id : {"z", "m", "a"}) tell(id), publish();
  tell("y");
  tell("b");
  publish();
  auto dispatcher = worker();
  std::vector<std::string> order;
  for (int n = 0; n < 5; ++n) {
    ASSERT_TRUE(dispatcher->turn());
    ASSERT_THAT(sender_.held, SizeIs(1));
    order.push_back(sent_ids().front());
    sender_.take().answer(200);
  }
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_EQ(std::vector(order.begin(), order.begin() + 3), (std::vector<std::string>{"z", "m", "a"}));
  EXPECT_EQ(std::vector(order.begin() + 3, order.end()), (std::vector<std::string>{"b", "y"}))
      << "of one moment, by id, as in the feed";
}

TEST_P(Deliveries, AnEndpointThatFailsIsLeftAloneAndWhatWaitsUsesUpNoAttempt) {
  auto dead = config("dead", {"payout.paid"});
  dead.concurrency = 8;
  configure({dead, config("well", {"payment.*"})});
  for (int n = 0; n < 20; ++n) tell("p" + std::to_string(n), "payout.paid");
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, SizeIs(9));
  answer_all([](const HeldRequest& request) {
    return request.request.url.find("dead") == std::string::npos ? std::optional(200) : std::nullopt;
  });
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, IsEmpty()) << "the breaker is open";
  EXPECT_THAT(attempts_by_status(), ElementsAre(std::pair("pending", 8), std::pair("succeeded", 1)));
  EXPECT_EQ(endpoint("config/acme/dead").leased_by, std::nullopt);
  EXPECT_EQ(endpoint("config/acme/dead").failures, kFailuresToOpen);
  tell("p20", "payout.paid");
  publish();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, IsEmpty()) << "nor does a new event open it";

  clock_.advance(kDelay * 13 / 10);
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_THAT(sender_.held, SizeIs(1)) << "one tries";
  sender_.take().answer(200);
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, SizeIs(8)) << "and it is well again";
  while (!sender_.held.empty()) {
    answer_all([](const HeldRequest&) { return std::optional(200); });
    ASSERT_TRUE(dispatcher->turn());
  }
  for (const auto& each : all<Delivery>()) EXPECT_EQ(each.status, DeliveryStatus::succeeded) << each.id;
}

TEST_P(Deliveries, EndpointsThatHangLeaveRoomForOthers) {
  std::vector<WebhookConfig> configs;
  for (int n = 0; n < 40; ++n) configs.push_back(config("dead" + std::to_string(n), {"payout.paid"}));
  configs.push_back(config("well", {"payment.*"}));
  configure(configs);
  for (int n = 0; n < 8; ++n) tell("p" + std::to_string(n), "payout.paid");
  publish();
  DispatcherOptions options;
  options.in_flight_max = 128;
  auto dispatcher = worker("w1", options);
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_TRUE(dispatcher->turn());
  const std::size_t hanging = sender_.held.size();
  EXPECT_GT(hanging, 64U);
  EXPECT_LT(hanging, 128U);
  for (int n = 0; n < 5; ++n) {
    tell("e" + std::to_string(n));
    publish();
    ASSERT_TRUE(dispatcher->turn());
    ASSERT_THAT(sender_.held, SizeIs(hanging + 1)) << "it is sent all the same";
    sender_.held.back().answer(200);
    sender_.held.pop_back();
    ASSERT_TRUE(dispatcher->turn());
  }
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, NoMoreIsSentInASecondThanTheConfigSays) {
  auto paced = config("a");
  paced.rate = 10;
  configure({paced});
  for (int n = 0; n < 30; ++n) tell("e" + std::to_string(n));
  publish();
  int sent = 0;
  for (int tenths = 0; tenths < 20; ++tenths) {
    auto dispatcher = worker("w" + std::to_string(tenths / 5));  // which worker sends makes no difference
    ASSERT_TRUE(dispatcher->turn());
    sent += static_cast<int>(sender_.held.size());
    answer_all([](const HeldRequest&) { return std::optional(200); });
    ASSERT_TRUE(dispatcher->close(Milliseconds{0}));
    clock_.advance(Milliseconds{100});
  }
  EXPECT_THAT(sent, ::testing::AllOf(::testing::Ge(18), ::testing::Le(22)));
}

TEST_P(Deliveries, RetryAfterIsHonoured) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  sender_.take().answer(429, {{"retry-after", "60"}});
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_EQ(delivery(id_of(1, "a")).due_at, clock_.now() + std::chrono::seconds{60});
  tell("e2");
  publish();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sender_.held, IsEmpty()) << "the endpoint has asked for a pause";
  clock_.advance(std::chrono::seconds{60});
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), UnorderedElementsAre("e1", "e2"));
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, AnEndpointThatIsGoneIsDisabledAndNothingMoreIsSent) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  sender_.take().answer(410);
  tell("e2");
  publish();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(disabled_, ElementsAre("config/acme/a"));
  EXPECT_THAT(sender_.held, IsEmpty());
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::failed);
  EXPECT_EQ(delivery(id_of(2, "a")).status, DeliveryStatus::pending);
}

TEST_P(Deliveries, WhatFailsForGoodRaisesOneAlertUntilSomethingIsTaken) {
  configure({config("a"), config("b")});
  const auto fails = [&](int status) {
    tell("e" + std::to_string(++events_));
    publish();
    auto dispatcher = worker();
    ASSERT_TRUE(dispatcher->turn());
    answer_all([&](const HeldRequest&) { return std::optional(status); });
    ASSERT_TRUE(dispatcher->turn());
    clock_.advance(Milliseconds{1});
    ASSERT_TRUE(dispatcher->close(Milliseconds{0}));
  };
  fails(404);
  fails(401);
  std::vector<std::string> subjects;
  for (const auto& each : all<Alert>()) subjects.push_back(each.kind + " " + each.subject);
  EXPECT_THAT(subjects,
              UnorderedElementsAre("deliveries_failed config/acme/a", "deliveries_failed config/acme/b"));
  fails(200);
  fails(400);
  EXPECT_THAT(all<Alert>(), SizeIs(4));
}

TEST_P(Deliveries, WhatAnotherWorkerHasBroughtThereStaysSo) {
  configure({config("a")});
  tell("e1");
  publish();
  auto first = worker("w1");
  ASSERT_TRUE(first->turn());
  clock_.advance(kLease + Milliseconds{1});
  auto second = worker("w2");
  ASSERT_TRUE(second->turn());
  ASSERT_THAT(sender_.held, SizeIs(2));
  const auto late = sender_.take();
  sender_.take().answer(200);
  ASSERT_TRUE(second->turn());
  late.answer(500);
  ASSERT_TRUE(first->turn());
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::succeeded);
  EXPECT_EQ(delivery(id_of(1, "a")).due_at, std::nullopt);
  EXPECT_THAT(all<DeliveryAttempt>(), SizeIs(2)) << "it was sent twice, and both are on record";
}

TEST_P(Deliveries, AnEndpointThatWasLostAndTakenAgainCountsNothingOfBefore) {
  auto one = config("a");
  one.concurrency = 1;
  configure({one});
  tell("e1");
  publish();
  auto first = worker("w1");
  ASSERT_TRUE(first->turn());
  const auto late = sender_.take();
  clock_.advance(kLease + Milliseconds{1});
  auto second = worker("w2");
  ASSERT_TRUE(second->turn());
  sender_.take().answer(200);
  ASSERT_TRUE(second->close(Milliseconds{0}));
  ASSERT_TRUE(first->turn()) << "it learns that it has lost it";
  tell("e2");
  publish();
  ASSERT_TRUE(first->turn());
  ASSERT_THAT(sent_ids(), ElementsAre("e2")) << "and has it again";
  late.answer(200);
  tell("e3");
  publish();
  ASSERT_TRUE(first->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e2")) << "one at once";
  sender_.take().answer(200);
  ASSERT_TRUE(first->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e3"));
  sender_.take().answer(200);
}

TEST_P(Deliveries, WhatTheSenderHasNoRoomForIsNoAttempt) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  sender_.refusal = SendError::overloaded;
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(all<DeliveryAttempt>(), IsEmpty());
  sender_.refusal = SendError::url_refused;
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_THAT(all<DeliveryAttempt>(), SizeIs(1));
  EXPECT_EQ(all<DeliveryAttempt>()[0].error, "url_refused");
  sender_.refusal.reset();
  clock_.advance(kDelay * 13 / 10);
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e1"));
  sender_.take().answer(200);
}

TEST_P(Deliveries, AWorkerThatEndsGivesItsEndpointsToOthersAtOnce) {
  configure({config("a")});
  tell("e1");
  publish();
  auto first = worker("w1");
  ASSERT_TRUE(first->turn());
  const auto request = sender_.take();
  tell("e2");
  publish();
  request.answer(200);
  ASSERT_TRUE(first->close(std::chrono::seconds{10}));
  EXPECT_EQ(delivery(id_of(1, "a")).status, DeliveryStatus::succeeded);
  auto second = worker("w2");
  ASSERT_TRUE(second->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e2"));
  sender_.take().answer(200);
}

TEST_P(Deliveries, WhatComesBackAfterItsLeaseWasLostCountsForNoLaterLease) {
  configure({config("a")});
  tell("e1");
  publish();
  auto first = worker("w1");
  auto second = worker("w2");
  ASSERT_TRUE(first->turn());
  const auto late = sender_.take();
  clock_.advance(kLease + Milliseconds{1});  // the first one was stopped
  ASSERT_TRUE(second->turn());
  sender_.take().answer(500);
  ASSERT_TRUE(second->turn());
  ASSERT_TRUE(first->turn()) << "it goes on, and hears that its lease is lost";
  clock_.advance(2 * kDelay);
  ASSERT_TRUE(first->turn());
  ASSERT_THAT(sender_.held, SizeIs(1)) << "the endpoint is the first one's again";
  late.fail(SendError::timeout);
  sender_.take().answer(200);
  ASSERT_TRUE(first->turn());
  EXPECT_EQ(first->in_flight(), 0U);
  EXPECT_EQ(endpoint("config/acme/a").leased_by, std::nullopt);
  tell("e2");
  publish();
  ASSERT_TRUE(first->turn());
  ASSERT_THAT(sent_ids(), ElementsAre("e2"));
  sender_.take().answer(200);
}

TEST_P(Deliveries, EndpointsThatAreUnderWayKeepNoOtherFromBeingSentTo) {
  std::vector<WebhookConfig> configs;
  for (int n = 0; n < 300; ++n) configs.push_back(config("slow" + std::to_string(n), {"payout.paid"}));
  configs.push_back(config("well", {"payment.*"}));
  configure(configs);
  tell("p1", "payout.paid");
  publish();
  auto dispatcher = worker();
  const auto turns = [&](int count) {
    for (int n = 0; n < count; ++n) {
      clock_.advance(Milliseconds{60});  // a store that takes its time
      ASSERT_TRUE(dispatcher->turn());
    }
  };
  turns(4);
  ASSERT_EQ(sender_.held.size(), 300U);
  tell("e1");
  publish();
  turns(4);
  EXPECT_EQ(sender_.held.size(), 301U);
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, EndpointsThatFailTakeNoOthersPlaceHoweverManyTheyAre) {
  std::vector<WebhookConfig> configs;
  for (int n = 0; n < 40; ++n) configs.push_back(config("dead" + std::to_string(n), {"payout.paid"}));
  configs.push_back(config("well", {"payment.*"}));
  configure(configs);
  for (int n = 0; n < 5; ++n) tell("p" + std::to_string(n), "payout.paid");
  publish();
  DispatcherOptions options;
  options.endpoints_max = 8;
  options.in_flight_max = 16;
  auto dispatcher = worker("w1", options);
  const auto turns = [&](int count) {
    for (int n = 0; n < count; ++n) ASSERT_TRUE(dispatcher->turn());
  };
  while (attempts_by_status()["pending"] < 80) {
    turns(2);
    answer_all([](const HeldRequest&) { return std::nullopt; });
    turns(1);
    clock_.advance(Milliseconds{500});
  }
  turns(3);
  const std::size_t hanging = sender_.held.size();
  ASSERT_GE(hanging, 8U);
  tell("e1");
  publish();
  turns(8);
  EXPECT_THAT(sent_ids(), ::testing::Contains("e1")) << hanging << " hang";
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, AWorkerWhoseClockIsSetBackHearsThatItsLeaseIsLost) {
  configure({config("a")});
  for (int n = 0; n < 40; ++n) tell("e" + std::to_string(n));
  publish();
  ManualClock wrong(clock_.now());
  auto first = worker_with(wrong, "w1");
  auto second = worker("w2");
  ASSERT_TRUE(first->turn());
  ASSERT_THAT(sender_.held, SizeIs(8));
  wrong.set(wrong.now() - std::chrono::hours{1});
  wrong.advance(kLease + Milliseconds{1});
  clock_.advance(kLease + Milliseconds{1});
  ASSERT_TRUE(second->turn());
  ASSERT_EQ(sender_.held.size(), 16U);
  for (int n = 0; n < 8; ++n) sender_.take().answer(200);
  ASSERT_TRUE(first->turn());
  EXPECT_EQ(sender_.held.size(), 8U) << "the endpoint is the second one's";
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, AClockThatIsSetBackLeavesNoEndpointAlone) {
  configure({config("a")});
  for (int n = 0; n < 5; ++n) tell("e" + std::to_string(n));
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  answer_all([](const HeldRequest&) { return std::nullopt; });
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_NE(endpoint("config/acme/a").open_until, std::nullopt);
  clock_.set(clock_.now() - std::chrono::hours{1});
  tell("later");
  publish();
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("later"));
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, AWorkerThatHearsLaterThatAConfigIsEnabledTriesItSoon) {
  configure({config("a")});
  tell("e1");
  publish();
  auto off = config("a");
  off.enabled = false;
  configure({off});
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_TRUE(
      wake_endpoint(*real_store_, clock_, "config/acme/a"));  // as the API does when the change is durable
  ASSERT_TRUE(dispatcher->turn());
  configure({config("a")});  // as every process does within a second of that
  clock_.advance(Milliseconds{3'000});
  ASSERT_TRUE(dispatcher->turn());
  EXPECT_THAT(sent_ids(), ElementsAre("e1"));
  answer_all([](const HeldRequest&) { return std::optional(200); });
}

TEST_P(Deliveries, WhatFailsWhileItIsRecoveredIsNotRecoveredAgain) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  const auto refuse = [&] {
    ASSERT_TRUE(dispatcher->turn());
    answer_all([](const HeldRequest&) { return std::optional(404); });
    ASSERT_TRUE(dispatcher->turn());
  };
  const Timestamp since = clock_.now();
  refuse();
  clock_.advance(Milliseconds{1});
  const auto failed = [&](Timestamp until) {
    return failed_between(store_, "config/acme/a", since, until, 10).value();
  };
  const Timestamp asked_at = clock_.now();
  ASSERT_THAT(failed(asked_at), ElementsAre(id_of(1, "a")));
  ASSERT_EQ(queue_again(store_, clock_, "config/acme/a", failed(asked_at)).value(), 1U);
  refuse();
  EXPECT_THAT(failed(asked_at), IsEmpty());
  EXPECT_THAT(failed(asked_at + Milliseconds{1}), SizeIs(1));
}

TEST_P(Deliveries, WhatAnAnswerHoldsIsKeptAsText) {
  configure({config("a")});
  tell("e1");
  publish();
  auto dispatcher = worker();
  ASSERT_TRUE(dispatcher->turn());
  sender_.take().answer(500, {},
                        std::string("\0\xff\xc3\x28 na\xc3\xafve", 11) + std::string(100'000, '\xe2'));
  ASSERT_TRUE(dispatcher->turn());
  ASSERT_THAT(all<DeliveryAttempt>(), SizeIs(1));
  const auto body = *all<DeliveryAttempt>()[0].response_body;
  EXPECT_EQ(body.substr(0, 11), "?\?\?( na\xc3\xafve");
  EXPECT_EQ(body.size(), 4'096U);
}

TEST_P(Deliveries, WhatIsOldIsDroppedInPieces) {
  configure({config("a")});
  for (int n = 0; n < 700; ++n) tell("old" + std::to_string(n));
  while (publish() > 0) continue;
  auto dispatcher = worker();
  for (std::size_t sent = 0; sent < 700;) {
    ASSERT_TRUE(dispatcher->turn());
    sent += sender_.held.size();
    answer_all([](const HeldRequest&) { return std::optional(200); });
  }
  ASSERT_TRUE(dispatcher->close(Milliseconds{0}));
  const Timestamp between = clock_.now() + std::chrono::hours{1};
  clock_.advance(std::chrono::hours{2});
  tell("young");
  publish();
  const Timestamp first = timestamp_from_unix_ms(0);
  EXPECT_FALSE(real_store_->prune_outbound(first, first).value());
  EXPECT_TRUE(real_store_->prune_outbound(first, between).value())
      << "the attempts alone, and there are more";
  while (real_store_->prune_outbound(first, between).value()) continue;
  EXPECT_THAT(all<DeliveryAttempt>(), IsEmpty());
  EXPECT_THAT(all<OutboxRow>(), SizeIs(701));
  while (real_store_->prune_outbound(between, between).value()) continue;
  EXPECT_THAT(all<OutboxRow>(), SizeIs(1));
  EXPECT_THAT(feed(), ElementsAre("young"));
  ASSERT_THAT(all<Delivery>(), SizeIs(1));
  EXPECT_EQ(all<Delivery>()[0].event, "young");
}

TEST_P(Deliveries, AStoreThatWasRestoredKeepsNothingFromAReaderWhoHadReadOn) {
  tell("e1");
  publish();
  clock_.advance(Milliseconds{1});
  tell("e2");
  tell("e3");
  publish();
  ListQuery query;
  query.filters = {{"reader", std::string("acme")}};
  query.order = ListOrder::oldest_first;
  const auto read = real_store_->list(table_of<FeedEvent>(), query).value();
  const auto last = from_row<FeedEvent>(read.back()).value();
  ASSERT_EQ(last.event, "e3");
  query.after = {last.published_at, last.place};

  real_store_.reset();  // and the backup from before e2
  for (const char* sql : {"DELETE FROM feed WHERE event <> 'e1'", "DELETE FROM outbox WHERE id <> 'e1'",
                          "UPDATE feed_head SET place = 1, published_at = (SELECT published_at FROM feed)"})
    harness_->execute(sql);
  real_store_ = harness_->open();
  clock_.advance(Milliseconds{1});
  tell("e4");
  ASSERT_EQ(publish_events(*real_store_, settings_.current(), clock_).value(), 1U);
  const auto next = real_store_->list(table_of<FeedEvent>(), query).value();
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(from_row<FeedEvent>(next.front()).value().event, "e4");
  EXPECT_LT(from_row<FeedEvent>(next.front()).value().place, last.place) << "its place was given before";
}

TEST_P(Deliveries, ACounterThatGivesPlacesAnewIsAnErrorAndNotNothingToDo) {
  tell("e1");
  publish();
  real_store_.reset();
  harness_->execute("UPDATE feed_head SET place = 0");
  real_store_ = harness_->open();
  tell("e2");
  const auto published = publish_events(*real_store_, settings_.current(), clock_);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace penstock
