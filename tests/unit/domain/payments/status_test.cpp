// What a payment's status, fields and identity are, by contract.md "Rules that decide the values".
#include <gmock/gmock.h>

#include "tests/unit/domain/payments/payment_events.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;

PaymentStatus status_after(const std::vector<EventSpec>& specs, const std::string& id = "cs_1") {
  World world;
  for (const auto& spec : specs) world.run(spec);
  const auto found = payment(world, id);
  EXPECT_TRUE(found);
  return found ? found->status : PaymentStatus::pending;
}

const SessionObject kUnpaid{.payment_status = "unpaid"};
const IntentObject kProcessing{.status = "processing"};
const IntentObject kRetryable{.status = "requires_payment_method"};

TEST(SessionStatus, CompleteAndPaidIsPaid) {
  EXPECT_EQ(status_after({session_event("completed", {})}), PaymentStatus::paid);
}
TEST(SessionStatus, CompleteAndNothingToPayIsPaid) {
  EXPECT_EQ(status_after({session_event("completed", {.payment_status = "no_payment_required"})}),
            PaymentStatus::paid);
}
TEST(SessionStatus, CompleteAndUnpaidIsProcessing) {
  EXPECT_EQ(status_after({session_event("completed", kUnpaid)}), PaymentStatus::processing);
}
TEST(SessionStatus, OpenIsPending) {
  EXPECT_EQ(status_after({session_event("completed", {.status = "open", .payment_status = "unpaid"})}),
            PaymentStatus::pending);
}
TEST(SessionStatus, AsyncSuccessAfterWaitingIsPaidInEitherOrder) {
  in_every_order({session_event("completed", kUnpaid), session_event("async_payment_succeeded", {}, 2000)},
                 [](const World& world) { EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid); });
}
TEST(SessionStatus, AsyncFailureIsFailedAndTellsSo) {
  in_every_order({session_event("completed", kUnpaid), session_event("async_payment_failed", kUnpaid, 2000)},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::failed);
                   EXPECT_THAT(told(world), ElementsAre("payment.failed"));
                 });
}
TEST(SessionStatus, ExpiredByTypeWhateverTheObjectSays) {
  EXPECT_EQ(status_after({session_event("expired", {.status = "open", .payment_status = "unpaid"})}),
            PaymentStatus::expired);
}
TEST(SessionStatus, PaidBeatsExpired) {
  in_every_order({session_event("completed", {}), session_event("expired", {.status = "expired"}, 2000)},
                 [](const World& world) { EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid); });
}

TEST(IntentStatus, FollowsTypeForFailuresAndTheObjectElse) {
  EXPECT_EQ(status_after({intent_event("succeeded", {})}, "pi_1"), PaymentStatus::paid);
  EXPECT_EQ(status_after({intent_event("processing", kProcessing)}, "pi_1"), PaymentStatus::processing);
  EXPECT_EQ(status_after({intent_event("payment_failed", kRetryable)}, "pi_1"), PaymentStatus::failed);
  EXPECT_EQ(status_after({intent_event("canceled", {.status = "canceled"})}, "pi_1"),
            PaymentStatus::canceled);
  EXPECT_EQ(status_after({intent_event("created", kRetryable)}, "pi_1"), PaymentStatus::pending);
  EXPECT_EQ(status_after({intent_event("requires_action", {.status = "requires_action"})}, "pi_1"),
            PaymentStatus::pending);
  EXPECT_EQ(status_after({intent_event("amount_capturable_updated", {.status = "requires_capture"})}, "pi_1"),
            PaymentStatus::pending);
}
TEST(IntentStatus, SuccessAfterFailureIsPaidInEitherOrder) {
  in_every_order({intent_event("payment_failed", kRetryable), intent_event("succeeded", {}, 1001)},
                 [](const World& world) { EXPECT_EQ(payment(world, "pi_1")->status, PaymentStatus::paid); });
}
TEST(IntentStatus, FailureTellsOnceHoweverOftenItFails) {
  World world;
  world.run(intent_event("payment_failed", kRetryable));
  world.run(intent_event("payment_failed", kRetryable, 1001));
  EXPECT_THAT(told(world), ElementsAre("payment.failed"));
}
TEST(IntentStatus, FailureAfterSuccessTellsNothing) {
  World world;
  world.run(intent_event("succeeded", {}, 1001));
  world.run(intent_event("payment_failed", kRetryable));
  EXPECT_THAT(told(world), ElementsAre("payment.succeeded"));
}

TEST(LinkedPair, IsOnePaymentByEitherId) {
  in_every_order({session_event("completed", {}), intent_event("succeeded", {})}, [](const World& world) {
    const auto found = payment(world, "pi_1");
    EXPECT_EQ(found, payment(world, "cs_1"));
    EXPECT_EQ(found, payment(world, "ch_1"));
    EXPECT_EQ(found->id, "cs_1");
    EXPECT_EQ(found->payment_intent, "pi_1");
    EXPECT_EQ(found->charge, "ch_1");
    EXPECT_THAT(told(world), ElementsAre("payment.succeeded"));
  });
}
TEST(LinkedPair, IsPaidWhenTheIntentIs) {
  in_every_order({session_event("completed", kUnpaid), intent_event("succeeded", {})},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
                   EXPECT_THAT(told(world), ElementsAre("payment.succeeded"));
                 });
}
TEST(LinkedPair, HasTheIntentsIdUntilTheSessionIsKnown) {
  World world;
  world.run(intent_event("succeeded", {}));
  EXPECT_EQ(payment(world, "pi_1")->id, "pi_1");
  EXPECT_FALSE(payment(world, "cs_1"));
}
TEST(LinkedPair, TwoSessionsOfOneIntentStayTwoPayments) {
  in_every_order(
      {session_event("completed", {.id = "cs_1", .amount = 100}),
       session_event("completed", {.id = "cs_2", .amount = 200}), refund_event({.amount_refunded = 5000})},
      [](const World& world) {
        EXPECT_EQ(payment(world, "cs_1")->amount, MinorUnits{100});
        EXPECT_EQ(payment(world, "cs_2")->amount, MinorUnits{200});
        EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::refunded);
        EXPECT_EQ(payment(world, "cs_2")->status, PaymentStatus::paid);
        EXPECT_EQ(payment(world, "pi_1")->id, "cs_1");
      });
}
TEST(LinkedPair, OfAConnectedAccountCarriesIt) {
  auto spec = session_event("completed", {});
  spec.account = "acct_1";
  World world;
  world.run(spec);
  EXPECT_FALSE(payment(world, "cs_1"));
  EXPECT_EQ(payment(world, "cs_1", {true, "acct_1"})->account, "acct_1");
}

TEST(PaymentFields, ComeFromTheSessionOnceItIsKnown) {
  in_every_order({session_event("completed", {.amount = 5000, .metadata = {{"order", "session's"}}}),
                  intent_event("succeeded", {.amount = 4999, .metadata = {{"order", "intent's"}}}, 5000)},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "cs_1")->amount, MinorUnits{5000});
                   EXPECT_THAT(payment(world, "cs_1")->metadata,
                               ElementsAre(std::pair("order", "session's")));
                 });
}
TEST(PaymentFields, ComeFromTheNewestEventOfTheSession) {
  in_every_order({session_event("completed", {.payment_status = "unpaid", .metadata = {{"v", "1"}}}, 1000),
                  session_event("async_payment_succeeded", {.metadata = {{"v", "2"}}}, 1000)},
                 [](const World& world) {
                   EXPECT_THAT(payment(world, "cs_1")->metadata, ElementsAre(std::pair("v", "2")));
                 });
}
TEST(PaymentFields, AmountsOfAnyCurrencyStayAsStripeSendsThem) {
  for (const auto* currency : {"jpy", "kwd", "ugx", "isk", "clp"}) {
    World world;
    world.run(session_event("completed", deposit({.amount = 5120, .currency = currency, .user = "u1"})));
    EXPECT_EQ(payment(world, "cs_1")->amount, MinorUnits{5120});
    EXPECT_EQ(payment(world, "cs_1")->currency, currency);
    EXPECT_EQ(balance(world, "u1", currency), 5120);
  }
}
TEST(PaymentFields, SubscriptionSessionIsAPaymentOfItsOwn) {
  World world;
  world.run(session_event("completed", {.payment_intent = {}, .mode = "subscription"}));
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
  EXPECT_FALSE(payment(world, "cs_1")->payment_intent);
  EXPECT_THAT(told(world), ElementsAre("payment.succeeded"));
}

TEST(PaymentUser, IsTheReferenceBeforeMetadataBeforeTheCustomers) {
  const auto user_of = [](const SessionObject& session) {
    World world;
    world.run(session_event("completed",
                            {.id = "cs_0", .payment_intent = {}, .customer = "cus_1", .user = "linked"}));
    world.run(session_event("completed", session));
    return payment(world, "cs_1")->user_id;
  };
  EXPECT_EQ(user_of({.customer = "cus_1", .user = "ref", .metadata = {{"user_id", "meta"}}}), "ref");
  EXPECT_EQ(user_of({.customer = "cus_1", .metadata = {{"user_id", "meta"}}}), "meta");
  EXPECT_EQ(user_of({.customer = "cus_1"}), "linked");
  EXPECT_EQ(user_of({.customer = "cus_2"}), std::nullopt);
  EXPECT_EQ(user_of({.customer = "cus_1", .user = ""}), "linked");
}
TEST(PaymentUser, OfAnIntentIsFoundThroughItsCustomer) {
  in_every_order(
      {intent_event("succeeded", {.customer = "cus_1"}),
       session_event("expired", {.id = "cs_0", .payment_intent = {}, .customer = "cus_1", .user = "u1"})},
      [](const World& world) { EXPECT_EQ(payment(world, "pi_1")->user_id, "u1"); });
}
TEST(CustomerLink, EarliestEventHoldsInEveryOrder) {
  in_every_order(
      {session_event("completed", {.id = "cs_1", .payment_intent = {}, .customer = "cus_1", .user = "u1"},
                     1000),
       session_event("expired", {.id = "cs_2", .payment_intent = {}, .customer = "cus_1", .user = "u2"},
                     999)},
      [](const World& world) {
        EXPECT_EQ(world.find<Customer>("cus_1")->user_id, "u2");
        EXPECT_EQ(payment(world, "cs_1")->user_id, "u1");
      });
}

TEST(Refunds, PartThenAllInEveryOrder) {
  in_every_order({session_event("completed", {}), refund_event({.amount_refunded = 1000}, 2000),
                  refund_event({.amount_refunded = 5000}, 2001)},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::refunded);
                   EXPECT_EQ(payment(world, "cs_1")->amount_refunded, MinorUnits{5000});
                 });
}
TEST(Refunds, PartIsPartiallyRefundedAndTold) {
  World world;
  world.run(session_event("completed", {}));
  world.run(refund_event({.amount_refunded = 1000}));
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::partially_refunded);
  EXPECT_THAT(told(world), ElementsAre("payment.refunded", "payment.succeeded"));
}
TEST(Refunds, AllIsMeasuredByTheChargeNotTheSession) {
  World world;
  world.run(session_event("completed", {.amount = 9000}));
  world.run(refund_event({.amount = 5000, .amount_refunded = 5000}));
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::refunded);
}
TEST(Refunds, SmallerAmountArrivingLateIsStaleAndTellsNothing) {
  World world;
  world.run(refund_event({.amount_refunded = 3000}, 2001));
  EXPECT_EQ(world.run(refund_event({.amount_refunded = 1000}, 2000)), Outcome::stale);
  EXPECT_THAT(told(world), ElementsAre("payment.refunded"));
}
TEST(Refunds, EachStepOfTheSameChargeIsAFactOfItsOwn) {
  World world;
  EXPECT_EQ(world.run(refund_event({.amount_refunded = 1000}, 2000)), Outcome::applied);
  EXPECT_EQ(world.run(refund_event({.amount_refunded = 3000}, 2001)), Outcome::applied);
  EXPECT_THAT(told(world), ElementsAre("payment.refunded", "payment.refunded"));
}
TEST(Refunds, OfAChargeWithoutIntentAreAPaymentOfTheCharge) {
  World world;
  world.run(refund_event({.payment_intent = {}, .amount_refunded = 5000}));
  EXPECT_EQ(payment(world, "ch_1")->id, "ch_1");
  EXPECT_EQ(payment(world, "ch_1")->status, PaymentStatus::refunded);
}
TEST(Refunds, OfAChargeThatNamesNoIntentReachItThroughTheIntent) {
  in_every_order({session_event("completed", {}), intent_event("succeeded", {}),
                  refund_event({.payment_intent = {}, .amount_refunded = 1000})},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::partially_refunded);
                 });
}
TEST(Refunds, OfTheOldShapesChargeListReachTheIntent) {
  EventSpec old{.type = "payment_intent.succeeded",
                .object = R"({"id": "pi_1", "status": "succeeded", "amount": 5000, "currency": "usd",
                              "charges": {"object": "list", "data": [{"id": "ch_2"}, {"id": "ch_1"}]}})"};
  in_every_order({old, refund_event({.payment_intent = {}, .amount_refunded = 5000})},
                 [](const World& world) {
                   EXPECT_EQ(payment(world, "pi_1")->status, PaymentStatus::refunded);
                   EXPECT_EQ(payment(world, "pi_1")->charge, "ch_2");
                 });
}

TEST(Disputes, NewestOfTheChargeIsShownInEveryOrder) {
  in_every_order({session_event("completed", {}),
                  dispute_event("created", {.id = "dp_1", .status = "needs_response", .created = 900}, 3000),
                  dispute_event("closed", {.id = "dp_1", .status = "won", .created = 900}, 3000),
                  dispute_event("updated", {.id = "dp_2", .status = "under_review", .created = 901}, 2500)},
                 [](const World& world) { EXPECT_EQ(payment(world, "cs_1")->dispute, "under_review"); });
}
TEST(Disputes, ClosedWinsOverCreatedOfTheSameSecond) {
  in_every_order({dispute_event("created", {.status = "needs_response"}, 3000),
                  dispute_event("funds_withdrawn", {.status = "needs_response"}, 3000),
                  dispute_event("closed", {.status = "lost"}, 3000)},
                 [](const World& world) { EXPECT_EQ(payment(world, "pi_1")->dispute, "lost"); });
}
TEST(Disputes, CreatedAlreadyLostIsLost) {
  World world;
  world.run(dispute_event("created", {.status = "lost"}));
  EXPECT_EQ(payment(world, "pi_1")->dispute, "lost");
}
TEST(Disputes, LateWinAfterLossIsShown) {
  in_every_order(
      {dispute_event("closed", {.status = "lost"}, 3000), dispute_event("closed", {.status = "won"}, 4000)},
      [](const World& world) { EXPECT_EQ(payment(world, "pi_1")->dispute, "won"); });
}
TEST(Disputes, TellEachStatusOnce) {
  World world;
  world.run(dispute_event("created", {}, 3000));
  world.run(dispute_event("funds_withdrawn", {}, 3001));
  world.run(dispute_event("closed", {.status = "won"}, 3002));
  EXPECT_THAT(told(world), ElementsAre("payment.disputed", "payment.disputed"));
}
TEST(Disputes, WithoutOneItIsNull) {
  World world;
  world.run(session_event("completed", {}));
  EXPECT_FALSE(payment(world, "cs_1")->dispute);
}

TEST(Outcome, SameEventIdTwiceIsADuplicate) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", {})), Outcome::applied);
  EXPECT_EQ(world.run(session_event("completed", {})), Outcome::duplicate);
}
TEST(Outcome, SecondEventObjectOfOneFactIsADuplicateWithoutEffects) {
  World world;
  const auto spec = session_event("completed", deposit({.user = "u1"}));
  world.run(again(spec, "evt_a"));
  EXPECT_EQ(world.run(again(spec, "evt_b")), Outcome::duplicate);
  EXPECT_EQ(world.run(again(spec, "evt_0")), Outcome::stale);
  EXPECT_EQ(balance(world, "u1"), 5000);
  EXPECT_THAT(told(world), ElementsAre("payment.succeeded", "wallet.credited"));
}
TEST(Outcome, OlderEventThatTellsNothingNewIsStale) {
  World world;
  world.run(intent_event("succeeded", {}, 1001));
  EXPECT_EQ(world.run(intent_event("processing", kProcessing, 1000)), Outcome::stale);
}
TEST(Outcome, OlderEventThatTellsSomethingNewIsApplied) {
  World world;
  world.run(session_event("async_payment_succeeded", {.payment_intent = {}}, 2000));
  EXPECT_EQ(world.run(session_event("completed", kUnpaid, 1000)), Outcome::applied);
  EXPECT_EQ(payment(world, "pi_1")->id, "cs_1");
}
TEST(Outcome, UnhandledTypeIsIgnored) {
  World world;
  EXPECT_EQ(world.run(EventSpec{.type = "charge.succeeded", .object = R"({"id": "ch_1"})"}),
            Outcome::ignored);
  EXPECT_THAT(world.reason(), Optional(std::string("no_handler")));
}
TEST(Outcome, AppliedEventTouchesTheRowsItChanged) {
  World world;
  world.run(session_event("completed", deposit({.user = "u1"})));
  EXPECT_THAT(world.touched(), ElementsAre(TouchedRow{"payments", "cs_1"}, TouchedRow{"payments", "pi_1"},
                                           TouchedRow{"wallets", "u1"}));
}

TEST(WrongShapes, AreParkedAndChangeNothing) {
  const std::vector<EventSpec> wrong = {
      {.type = "checkout.session.completed", .object = R"({"payment_status": "paid"})"},
      {.type = "checkout.session.completed", .object = R"({"id": "", "payment_status": "paid"})"},
      {.type = "checkout.session.completed", .object = R"({"id": "cs_1"})"},
      {.type = "checkout.session.completed", .object = R"({"id": "cs_1", "payment_status": 1})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": "cs_1", "payment_status": "paid", "amount_total": 1.5})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": "cs_1", "payment_status": "paid", "amount_total": -1})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": "cs_1", "payment_status": "paid", "amount_total": 9223372036854775808})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": "cs_1", "payment_status": "paid", "currency": "USD"})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": "cs_1", "payment_status": "paid", "customer": ""})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": ")" + std::string(256, 'x') + R"(", "payment_status": "paid"})"},
      {.type = "checkout.session.completed",
       .object = R"({"id": "cs_1", "payment_status": "paid", "metadata": {"user_id": 1}})"},
      {.type = "payment_intent.succeeded", .object = R"({"id": "pi_1"})"},
      {.type = "payment_intent.succeeded",
       .object = R"({"id": "pi_1", "status": "succeeded", "charges": {"data": [1]}})"},
      {.type = "charge.refunded", .object = R"({"id": "ch_1", "amount": 1, "currency": "usd"})"},
      {.type = "charge.dispute.created", .object = R"({"id": "dp_1", "status": "lost"})"},
  };
  for (const auto& spec : wrong) {
    World world;
    EXPECT_EQ(world.run(spec), Outcome::parked) << spec.object;
    EXPECT_THAT(world.error(), ::testing::StartsWith("wrong_shape: ")) << spec.object;
    EXPECT_THAT(world.state(), IsEmpty());
  }
}
TEST(WrongShapes, IdOf255BytesIsAnId) {
  World world;
  const std::string id(255, 'x');
  EXPECT_EQ(world.run(session_event("completed", {.id = id})), Outcome::applied);
}
TEST(WrongShapes, ExpandedObjectsStandForTheirIds) {
  World world;
  world.run(EventSpec{.type = "checkout.session.completed",
                      .object = R"({"id": "cs_1", "payment_status": "paid", "payment_intent": {"id": "pi_1"},
                                    "customer": {"id": "cus_1"}})"});
  EXPECT_EQ(payment(world, "pi_1")->customer, "cus_1");
}

}  // namespace
}  // namespace penstock::testing
