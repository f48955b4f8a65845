// Wallet deposits: credited once, taken back as far as refunded, moved with the
// customer's link, parked for nobody.
#include <gmock/gmock.h>

#include <limits>

#include "tests/unit/domain/payments/payment_events.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

const SessionObject kOwn = deposit({.user = "u1"});
const SessionObject kCustomers = deposit({.customer = "cus_1"});

// Another session that links the customer, with nothing else in it.
EventSpec link_event(const std::string& user, std::int64_t created) {
  return session_event(
      "expired", {.id = "cs_link_" + user, .payment_intent = {}, .customer = "cus_1", .user = user}, created);
}

TEST(Deposit, CreditsTheAmountOnceAndIsFulfilled) {
  World world;
  world.run(session_event("completed", kOwn));
  EXPECT_EQ(balance(world, "u1"), 5000);
  EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
  EXPECT_THAT(effect_keys(world), ElementsAre("deposit:cs_1"));
  EXPECT_THAT(world.all<Fulfillment>(), IsEmpty());
  world.expect_balanced();
}
// Its own paid event would be parked; its intent pays it without a word about whose it is.
TEST(Deposit, ThatNamesNobodyAndIsPaidByItsIntentIsAskedAbout) {
  auto unpaid = deposit({});
  unpaid.payment_status = "unpaid";
  in_every_order({session_event("completed", unpaid), intent_event("succeeded", {})}, [](const World& world) {
    EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
    EXPECT_THAT(effect_keys(world), IsEmpty());
    EXPECT_THAT(alerts(world), ElementsAre("deposit_unclaimed:cs_1"));
  });
}
TEST(Deposit, OfAConnectedAccountIsAPaymentOnly) {
  auto event = session_event("completed", kOwn);
  event.account = "acct_1";
  World world;
  world.run(event);
  EXPECT_EQ(balance(world, "u1"), std::nullopt);
  EXPECT_EQ(payment(world, "cs_1", {true, "acct_1"})->status, PaymentStatus::paid);
  EXPECT_FALSE(payment(world, "cs_1", {true, "acct_1"})->fulfilled);
  EXPECT_THAT(alerts(world), ElementsAre("deposit_refused:cs_1"));
}
TEST(Deposit, OfATrustedAccountIsCreditedUnderKeysOfItsOwn) {
  auto own = session_event("completed", kOwn);
  auto connected = session_event("completed", kOwn);
  auto refund = refund_event({.amount_refunded = 1000});
  connected.account = refund.account = "acct_1";
  World world(Policy{.trust_connected_accounts = true});
  for (const auto& event : {own, connected, refund}) world.run(event);
  EXPECT_EQ(balance(world, "u1"), 9000);
  EXPECT_THAT(effect_keys(world),
              ElementsAre("deposit:acct_1:cs_1", "deposit:cs_1", "refund:acct_1:ch_1:1000"));
  EXPECT_TRUE(payment(world, "cs_1", {true, "acct_1"})->fulfilled);
  EXPECT_THAT(alerts(world), IsEmpty());
  world.expect_balanced();
}
TEST(Deposit, ThatWasBelievedIsStillRefundedWhenTrustHasEnded) {
  auto connected = session_event("completed", kOwn);
  auto refund = refund_event({.amount_refunded = 1000});
  connected.account = refund.account = "acct_1";
  World world(Policy{.trust_connected_accounts = true});
  world.run(connected);
  world.set_policy({});
  world.run(refund);
  EXPECT_EQ(balance(world, "u1"), 4000);
  world.expect_balanced();
}
TEST(Deposit, ThatWasRefusedIsCreditedLessRefundsOnceItsAccountIsTrusted) {
  auto connected = session_event("completed", kOwn);
  auto refund = refund_event({.amount_refunded = 1000});
  connected.account = refund.account = "acct_1";
  World world;
  world.run(connected);
  world.set_policy({.trust_connected_accounts = true});
  world.run(refund);
  EXPECT_EQ(balance(world, "u1"), std::nullopt) << "a refund says nothing of the session";
  world.run(again(connected, "evt_again"));
  EXPECT_EQ(balance(world, "u1"), 4000);
  world.expect_balanced();
}
TEST(Deposit, OfATrustedAccountIsNotChangedByWhatItSaysWhenTrustHasEnded) {
  auto connected = session_event("completed", kOwn);
  connected.account = "acct_1";
  World world(Policy{.trust_connected_accounts = true});
  world.run(connected);
  world.set_policy({});
  auto friends = session_event("completed", deposit({.user = "u_friend"}), 1010);
  friends.account = "acct_1";
  world.run(friends);
  EXPECT_EQ(balance(world, "u1"), 5000);
  EXPECT_EQ(balance(world, "u_friend"), std::nullopt);
  world.expect_balanced();
}
TEST(Deposit, OfATrustedAccountsCustomerStaysWithItsUserWhenTrustHasEnded) {
  auto connected = session_event("completed", kCustomers);
  auto linked = link_event("u1", 1000), friends = link_event("u_friend", 500);
  connected.account = linked.account = friends.account = "acct_1";
  for (const bool linked_before : {true, false}) {
    World world(Policy{.trust_connected_accounts = true});
    world.run(connected);
    if (linked_before) world.run(linked);
    world.set_policy({});
    world.run(friends);
    EXPECT_EQ(balance(world, "u1"), linked_before ? std::optional(5000) : std::nullopt);
    EXPECT_EQ(balance(world, "u_friend"), std::nullopt);
    world.expect_balanced();
  }
}
TEST(Deposit, OfAConnectedAccountWithoutAUserIsNotParked) {
  auto event = session_event("completed", deposit({}));
  event.account = "acct_1";
  World world;
  EXPECT_EQ(world.run(event), Outcome::applied);
}
TEST(Deposit, IsNotRefundedByAChargeOfAnotherModeOrAccount) {
  auto test_refund = in_test_mode(refund_event({.amount_refunded = 5000}));
  auto forged_refund = refund_event({.amount_refunded = 5000});
  auto forged_dispute = dispute_event("created", {});
  forged_refund.account = forged_dispute.account = "acct_1";
  in_every_order({session_event("completed", kOwn), test_refund, forged_refund, forged_dispute},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), 5000);
                   EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
                   EXPECT_EQ(payment(world, "cs_1")->dispute, std::nullopt);
                 });
}
TEST(Deposit, OfACustomerIsNotMovedByALinkOfAnotherModeOrAccount) {
  auto test_link = in_test_mode(link_event("u2", 900));
  auto forged_link = link_event("u3", 901);
  forged_link.account = "acct_1";
  in_every_order({session_event("completed", kCustomers), test_link, forged_link, link_event("u1", 5000)},
                 [](const World& world) { EXPECT_EQ(balance(world, "u1"), 5000); });
}
TEST(Deposit, PostsBothSides) {
  World world;
  world.run(session_event("completed", kOwn));
  std::map<std::string, std::int64_t> lines;
  for (const auto& entry : world.all<LedgerEntry>()) lines[entry.account] = entry.amount.value;
  EXPECT_THAT(lines, ElementsAre(std::pair("stripe:live:usd", -5000), std::pair("wallet:live:usd:u1", 5000)));
}
TEST(Deposit, WaitsForTheMoney) {
  auto unpaid = kOwn;
  unpaid.payment_status = "unpaid";
  World world;
  world.run(session_event("completed", unpaid));
  EXPECT_EQ(balance(world, "u1"), std::nullopt);
  EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
  world.run(session_event("async_payment_succeeded", kOwn, 2000));
  EXPECT_EQ(balance(world, "u1"), 5000);
}
TEST(Deposit, PaidByItsIntentIsCreditedInEitherOrder) {
  auto unpaid = kOwn;
  unpaid.payment_status = "unpaid";
  in_every_order({session_event("completed", unpaid), intent_event("succeeded", {})}, [](const World& world) {
    EXPECT_EQ(balance(world, "u1"), 5000);
    EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
  });
}
TEST(Deposit, IsNoAppsBusiness) {
  auto session = kOwn;
  session.metadata["app_slug"] = "nobody";
  World world;
  EXPECT_EQ(world.run(session_event("completed", session)), Outcome::applied);
  EXPECT_THAT(alerts(world), IsEmpty());
}
TEST(Deposit, FromTwoPaidEventsIsOneDeposit) {
  in_every_order({session_event("completed", kOwn), session_event("async_payment_succeeded", kOwn, 2000),
                  intent_event("succeeded", {}), again(session_event("completed", kOwn), "evt_other")},
                 [](const World& world) { EXPECT_EQ(balance(world, "u1"), 5000); });
}
TEST(Deposit, OfTwoSessionsAddUp) {
  in_every_order(
      {session_event("completed", deposit({.id = "cs_1", .user = "u1"})),
       session_event("completed",
                     deposit({.id = "cs_2", .payment_intent = "pi_2", .amount = 1, .user = "u1"}))},
      [](const World& world) { EXPECT_EQ(balance(world, "u1"), 5001); });
}
TEST(Deposit, OfZeroPostsNothingAndCounts) {
  World world;
  world.run(session_event(
      "completed",
      deposit({.payment_status = "no_payment_required", .payment_intent = {}, .amount = 0, .user = "u1"})));
  EXPECT_THAT(world.all<LedgerEntry>(), IsEmpty());
  EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
  EXPECT_EQ(balance(world, "u1"), 0);
}
TEST(Deposit, LiveAndTestMoneyNeverMeet) {
  in_every_order(
      {session_event("completed", kOwn),
       in_test_mode(session_event(
           "completed", deposit({.id = "cs_t", .payment_intent = "pi_t", .amount = 7, .user = "u1"})))},
      [](const World& world) {
        EXPECT_EQ(balance(world, "u1", "usd", true), 5000);
        EXPECT_EQ(balance(world, "u1", "usd", false), 7);
        for (const auto& entry : world.all<LedgerEntry>())
          EXPECT_THAT(entry.account, ::testing::HasSubstr(entry.livemode ? ":live:" : ":test:"));
      });
}
TEST(Deposit, CurrenciesAreKeptApart) {
  World world;
  world.run(session_event("completed", kOwn));
  world.run(session_event(
      "completed", deposit({.id = "cs_2", .payment_intent = "pi_2", .currency = "eur", .user = "u1"})));
  EXPECT_EQ(balance(world, "u1", "usd"), 5000);
  EXPECT_EQ(balance(world, "u1", "eur"), 5000);
}
TEST(Deposit, TellsTheWalletWithItsPayment) {
  World world;
  world.run(session_event("completed", kOwn));
  for (const auto& row : world.all<OutboxRow>()) {
    if (row.type != "wallet.credited") continue;
    EXPECT_EQ(row.data,
              R"({"user_id":"u1","amount":5000,"currency":"usd","livemode":true,"payment":"cs_1"})");
  }
  EXPECT_THAT(told(world), ElementsAre("payment.succeeded", "wallet.credited"));
}

TEST(DepositForNobody, IsParkedAndChangesNothing) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", deposit({}))), Outcome::parked);
  EXPECT_THAT(world.error(), StartsWith("unknown_user: "));
  EXPECT_THAT(world.state(), IsEmpty());
}
TEST(DepositForNobody, IsNoConcernWhileItIsNotPaid) {
  World world;
  EXPECT_EQ(world.run(session_event("expired", deposit({.status = "expired", .payment_status = "unpaid"}))),
            Outcome::applied);
}
TEST(DepositForNobody, WithoutAnAmountIsParkedToo) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", deposit({.amount = {}, .user = "u1"}))), Outcome::parked);
  EXPECT_THAT(world.error(), StartsWith("unknown_amount: "));
}

TEST(DepositByCustomer, WaitsForTheLink) {
  World world;
  EXPECT_EQ(world.run(session_event("completed", kCustomers)), Outcome::applied);
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::paid);
  EXPECT_FALSE(payment(world, "cs_1")->fulfilled);
  EXPECT_THAT(world.all<LedgerEntry>(), IsEmpty());
  world.run(link_event("u1", 5000));
  EXPECT_EQ(balance(world, "u1"), 5000);
  EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
}
TEST(DepositByCustomer, LinkMoneyAndRefundInAnyOrder) {
  auto unpaid = kCustomers;
  unpaid.payment_status = "unpaid";
  in_every_order({session_event("completed", unpaid), link_event("u1", 5000), intent_event("succeeded", {}),
                  refund_event({.amount_refunded = 2000})},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), 3000);
                   EXPECT_EQ(payment(world, "cs_1")->user_id, "u1");
                 });
}
TEST(DepositByCustomer, MovesToTheEarliestLinksUser) {
  in_every_order({session_event("completed", kCustomers), link_event("u1", 903), link_event("u2", 902),
                  link_event("u3", 901), refund_event({.amount_refunded = 500})},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), std::nullopt);
                   EXPECT_EQ(balance(world, "u2"), std::nullopt);
                   EXPECT_EQ(balance(world, "u3"), 4500);
                   EXPECT_EQ(world.find<CheckoutSession>("cs_1")->credited_to, "u3");
                 });
}
TEST(DepositByCustomer, MovesBackAndForthBetweenTheSameUsers) {
  World world;
  world.run(session_event("completed", kCustomers));
  for (int i = 0; i < 4; ++i) {
    auto link = link_event(i % 2 == 0 ? "u1" : "u2", 900 - i);
    world.run(again(link, "evt_link_" + std::to_string(i)));
  }
  EXPECT_EQ(balance(world, "u2"), 5000);
  EXPECT_EQ(balance(world, "u1"), std::nullopt);
  world.expect_balanced();
}
TEST(DepositByCustomer, TransferIsPostedBetweenTheWallets) {
  World world;
  world.run(session_event("completed", kCustomers));
  world.run(link_event("u1", 902));
  world.run(again(link_event("u2", 901), "evt_2"));
  std::map<std::string, std::int64_t> lines;
  for (const auto& entry : world.all<LedgerEntry>())
    if (entry.kind == LedgerKind::transfer)
      lines[entry.effect_key + " " + entry.account] = entry.amount.value;
  EXPECT_THAT(lines, ElementsAre(std::pair("transfer:cs_1:evt_2 wallet:live:usd:u1", -5000),
                                 std::pair("transfer:cs_1:evt_2 wallet:live:usd:u2", 5000)));
}
TEST(DepositByCustomer, LaterLinkMovesNothing) {
  World world;
  world.run(session_event("completed", kCustomers));
  world.run(link_event("u1", 901));
  world.run(link_event("u2", 902));
  EXPECT_EQ(balance(world, "u1"), 5000);
  EXPECT_EQ(balance(world, "u2"), std::nullopt);
}
TEST(DepositByCustomer, ThatNamesItsOwnUserGoesThere) {
  auto both = deposit({.customer = "cus_1", .user = "u1"});
  in_every_order({link_event("u2", 900), session_event("completed", both)}, [](const World& world) {
    EXPECT_EQ(balance(world, "u1"), 5000);
    EXPECT_EQ(balance(world, "u2"), std::nullopt);
  });
}
TEST(DepositByCustomer, IsCreditedByADepositThatLinks) {
  in_every_order(
      {session_event("completed", kCustomers),
       session_event(
           "completed",
           deposit(
               {.id = "cs_2", .payment_intent = "pi_2", .amount = 1, .customer = "cus_1", .user = "u1"}))},
      [](const World& world) { EXPECT_EQ(balance(world, "u1"), 5001); });
}
TEST(DepositByCustomer, NewerEventNamingAnotherUserMovesIt) {
  in_every_order({session_event("completed", deposit({.user = "u1"}), 1000),
                  session_event("async_payment_succeeded", deposit({.user = "u2"}), 2000)},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), std::nullopt);
                   EXPECT_EQ(balance(world, "u2"), 5000);
                 });
}

TEST(DepositRefund, TakesBackTheLargestSeenInEveryOrder) {
  in_every_order({session_event("completed", kOwn), refund_event({.amount_refunded = 1000}, 2000),
                  refund_event({.amount_refunded = 2500}, 2001)},
                 [](const World& world) { EXPECT_EQ(balance(world, "u1"), 2500); });
}
TEST(DepositRefund, KeysSayChargeAndAmount) {
  World world;
  world.run(session_event("completed", kOwn));
  world.run(refund_event({.amount_refunded = 1000}, 2000));
  world.run(refund_event({.amount_refunded = 2500}, 2001));
  EXPECT_THAT(effect_keys(world), ElementsAre("deposit:cs_1", "refund:ch_1:1000", "refund:ch_1:2500"));
  EXPECT_THAT(told(world), ElementsAre("payment.refunded", "payment.refunded", "payment.succeeded",
                                       "wallet.credited", "wallet.reversed", "wallet.reversed"));
}
TEST(DepositRefund, BeforeTheDepositIsPostedWithIt) {
  World world;
  world.run(refund_event({.amount_refunded = 5000}));
  EXPECT_THAT(world.all<LedgerEntry>(), IsEmpty());
  world.run(session_event("completed", kOwn));
  EXPECT_THAT(effect_keys(world), ElementsAre("deposit:cs_1", "refund:ch_1:5000"));
  EXPECT_EQ(balance(world, "u1"), 0);
  EXPECT_EQ(payment(world, "cs_1")->status, PaymentStatus::refunded);
  EXPECT_TRUE(payment(world, "cs_1")->fulfilled);
}
TEST(DepositRefund, NeverTakesMoreThanWasCredited) {
  in_every_order({session_event("completed", kOwn), refund_event({.amount = 9000, .amount_refunded = 9000})},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), 0);
                   EXPECT_EQ(world.find<CheckoutSession>("cs_1")->reversed, MinorUnits{5000});
                 });
}
TEST(DepositRefund, OfSeveralChargesAddsUpToTheCredit) {
  in_every_order({session_event("completed", kOwn), refund_event({.id = "ch_1", .amount_refunded = 3000}),
                  refund_event({.id = "ch_2", .amount_refunded = kMost})},
                 [](const World& world) { EXPECT_EQ(balance(world, "u1"), 0); });
}
TEST(DepositRefund, FullInAnotherCurrencyTakesAll) {
  in_every_order({session_event("completed", kOwn),
                  refund_event({.amount = 4600, .amount_refunded = 4600, .currency = "eur"})},
                 [](const World& world) { EXPECT_EQ(balance(world, "u1"), 0); });
}
TEST(DepositRefund, PartialInAnotherCurrencyAsksAPerson) {
  in_every_order({session_event("completed", kOwn),
                  refund_event({.amount = 4600, .amount_refunded = 4000, .currency = "eur"})},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), 5000);
                   EXPECT_THAT(alerts(world), ElementsAre("refund_currency_mismatch:ch_1"));
                 });
}
TEST(DepositRefund, EffectKeyIsNeverUsedTwiceThoughTheCurrencyWavers) {
  World world;
  world.run(session_event("completed", kOwn));
  for (std::int64_t i = 0; i < 4; ++i)
    world.run(refund_event({.amount_refunded = 1000, .currency = i % 2 == 0 ? "usd" : "eur"}, 2000 + i));
  EXPECT_EQ(balance(world, "u1"), 5000);
  world.run(refund_event({.amount_refunded = 1000}, 3000));
  EXPECT_EQ(balance(world, "u1"), 4000);
  world.expect_balanced();
}
TEST(DepositRefund, LinkedToTheDepositLaterKeepsItsKey) {
  World world;
  world.run(session_event("completed", kOwn));
  world.run(refund_event({.payment_intent = {}, .amount_refunded = 1000}));
  EXPECT_EQ(balance(world, "u1"), 5000);
  world.run(intent_event("succeeded", {}));
  EXPECT_EQ(balance(world, "u1"), 4000);
  EXPECT_THAT(effect_keys(world), ElementsAre("deposit:cs_1", "refund:ch_1:1000"));
}
TEST(DepositRefund, OfTwoSessionsOfOneIntentIsTheFirstOnes) {
  in_every_order({session_event("completed", deposit({.id = "cs_1", .user = "u1"})),
                  session_event("completed", deposit({.id = "cs_2", .user = "u2"})),
                  refund_event({.amount_refunded = 5000})},
                 [](const World& world) {
                   EXPECT_EQ(balance(world, "u1"), 0);
                   EXPECT_EQ(balance(world, "u2"), 5000);
                 });
}

TEST(DepositLimits, LargestAmountIsCreditedAndTakenBack) {
  World world;
  world.run(session_event("completed", deposit({.amount = kMost, .user = "u1"})));
  EXPECT_EQ(balance(world, "u1"), kMost);
  world.run(refund_event({.amount = kMost, .amount_refunded = kMost}));
  EXPECT_EQ(balance(world, "u1"), 0);
  world.expect_balanced();
}
TEST(DepositLimits, OverflowOfAWalletIsParkedAndChangesNothing) {
  World world;
  world.run(session_event("completed", deposit({.amount = kMost, .user = "u1"})));
  const auto before = world.state();
  EXPECT_EQ(world.run(session_event(
                "completed", deposit({.id = "cs_2", .payment_intent = "pi_2", .amount = 1, .user = "u1"}))),
            Outcome::parked);
  EXPECT_THAT(world.error(), StartsWith("amount_overflow: "));
  EXPECT_EQ(world.state(), before);
}
TEST(DepositLimits, RefundedSumOfAPaymentStaysAtTheLargest) {
  World world;
  world.run(refund_event({.id = "ch_1", .amount = kMost, .amount_refunded = kMost}));
  world.run(refund_event({.id = "ch_2", .amount = kMost, .amount_refunded = kMost}));
  EXPECT_EQ(payment(world, "pi_1")->amount_refunded, MinorUnits{kMost});
}

}  // namespace
}  // namespace penstock::testing
