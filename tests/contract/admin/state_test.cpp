// What the state resources answer.
#include "tests/contract/admin/admin_fixture.h"

namespace penstock {
namespace {

TEST_F(AdminTest, APaymentIsFoundByEachOfItsIds) {
  apply_examples();
  for (const char* id : {"cs_1", "pi_1", "ch_1"}) {
    const Reply payment = get(std::string("/v1/payments/") + id);
    ASSERT_EQ(payment.status, 200) << id;
    EXPECT_EQ(text_of(payment["id"]), "cs_1");
    EXPECT_EQ(text_of(payment["payment_intent"]), "pi_1");
    EXPECT_EQ(text_of(payment["charge"]), "ch_1");
    EXPECT_EQ(text_of(payment["status"]), "partially_refunded");
    EXPECT_EQ(payment["amount_refunded"].integer(), 200);
    EXPECT_EQ(payment["fulfilled"].boolean(), true);
  }
}

TEST_F(AdminTest, APaymentNamesTheEventThatChangedAnyOfItsRowsLast) {
  apply_examples();
  clock_.advance(Milliseconds{1234});
  apply({.type = "charge.refunded",
         .object =
             R"({"id":"ch_1","object":"charge","payment_intent":"pi_1","amount":1200,"amount_refunded":1200,
           "currency":"usd","refunded":true})",
         .id = "evt_full_refund"});
  const Reply payment = get("/v1/payments/cs_1");
  EXPECT_EQ(text_of(payment["status"]), "refunded");
  EXPECT_EQ(text_of(payment["updated_by"]), "stripe:evt_full_refund");
  EXPECT_EQ(text_of(payment["updated_at"]), to_rfc3339(clock_.now()));
  EXPECT_EQ(text_of(payment["created_at"]), to_rfc3339(clock_.now() - Milliseconds{1234}));
}

TEST_F(AdminTest, FulfillmentsAreFoundByAnyIdOfThePayment) {
  apply_examples();
  for (const char* id : {"cs_1", "pi_1", "ch_1"}) {
    const auto data = get(std::string("/v1/fulfillments?payment=") + id);
    ASSERT_EQ(data.data().size(), 1U) << id;
    const auto row = data.data().first();
    EXPECT_EQ(text_of(row["payment"]), "cs_1");
    EXPECT_EQ(json::canonical(row["grants"]), R"([{"id":"c-7","kind":"course"}])");
    EXPECT_EQ(text_of(row["event"]), "stripe:evt_course");
  }
  EXPECT_EQ(get("/v1/fulfillments?payment=cs_2").data().size(), 0U);
  EXPECT_EQ(get("/v1/fulfillments?payment=cs_unknown").data().size(), 0U);
}

TEST_F(AdminTest, AFulfillmentWithoutAUserShowsTheCustomersUser) {
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_9","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":null,"amount_total":1,"currency":"usd","customer":"cus_9",
           "metadata":{"app_slug":"courses","course_id":"c-1"}})"});
  EXPECT_TRUE(get("/v1/fulfillments?payment=cs_9").data().first()["user_id"].is_null());
  apply({.type = "checkout.session.expired",
         .object = R"({"id":"cs_10","object":"checkout.session","status":"expired","payment_status":"unpaid",
           "mode":"payment","payment_intent":null,"customer":"cus_9","client_reference_id":"u9","metadata":{}})"});
  EXPECT_EQ(text_of(get("/v1/fulfillments?payment=cs_9").data().first()["user_id"]), "u9");
}

TEST_F(AdminTest, AWalletKeepsTestMoneyApart) {
  apply_examples();
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_3","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":null,"amount_total":77,"currency":"jpy",
           "client_reference_id":"u1","metadata":{"type":"wallet_deposit"}})",
         .livemode = false});
  const Reply wallet = get("/v1/wallets/u1");
  EXPECT_EQ(json::canonical(wallet["balances"]), R"({"usd":5000})");
  EXPECT_EQ(json::canonical(wallet["test_balances"]), R"({"jpy":77})");
}

TEST_F(AdminTest, AWalletsEntriesAreItsSideOfEachPosting) {
  apply_examples();
  const Reply entries = get("/v1/wallets/u1/entries");
  ASSERT_EQ(entries.data().size(), 1U);
  const auto entry = entries.data().first();
  EXPECT_EQ(text_of(entry["kind"]), "deposit");
  EXPECT_EQ(entry["amount"].integer(), 5000);
  EXPECT_EQ(text_of(entry["payment"]), "cs_2");
  EXPECT_EQ(text_of(entry["effect_key"]), "deposit:cs_2");
}

TEST_F(AdminTest, AWalletThatHoldsNoDepositIsNotShown) {
  Wallet left_behind;
  left_behind.id = wallet_id(true, "usd", "u5");
  left_behind.user_id = "u5";
  left_behind.currency = "usd";
  write(left_behind);
  EXPECT_EQ(get("/v1/wallets/u5").status, 404);
  EXPECT_EQ(get("/v1/profiles/u5").status, 404);
}

TEST_F(AdminTest, TheLedgerIsBalancedAfterDeposits) {
  apply_examples();
  const Reply check = get("/v1/ledger/check");
  EXPECT_EQ(check["balanced"].boolean(), true);
  EXPECT_EQ(check["entries"].integer(), 2);
  EXPECT_EQ(check["accounts"].integer(), 2);
  EXPECT_EQ(json::canonical(check["sum_by_currency"]), R"({"usd":0})");
}

TEST_F(AdminTest, AOneSidedEntryIsFound) {
  apply_examples();
  LedgerEntry entry;
  entry.id = "deposit:cs_x/wallet:live:usd:u1";
  entry.effect_key = "deposit:cs_x";
  entry.account = wallet_id(true, "usd", "u1");
  entry.amount = MinorUnits{7};
  entry.currency = "usd";
  entry.livemode = true;
  entry.user_id = "u1";
  write(entry);
  const Reply check = get("/v1/ledger/check");
  EXPECT_EQ(check["balanced"].boolean(), false);
  EXPECT_EQ(json::canonical(check["sum_by_currency"]), R"({"usd":7})");
  EXPECT_EQ(json::canonical(check["broken_postings"]), R"(["deposit:cs_x"])");
}

// Live and test entries cancel out in the sum, but not in the check.
TEST_F(AdminTest, AnErrorInBothModesIsNotHiddenByTheirSum) {
  for (const bool livemode : {true, false}) {
    LedgerEntry entry;
    entry.id = entry.effect_key = livemode ? "live" : "test";
    entry.account = "stripe";
    entry.amount = MinorUnits{livemode ? 5 : -5};
    entry.currency = "usd";
    entry.livemode = livemode;
    write(entry);
  }
  const Reply check = get("/v1/ledger/check");
  EXPECT_EQ(json::canonical(check["sum_by_currency"]), R"({"usd":0})");
  EXPECT_EQ(check["balanced"].boolean(), false);
}

TEST_F(AdminTest, ASubscriptionsUserIsItsCustomers) {
  apply_examples();
  const Reply subscription = get("/v1/subscriptions/sub_1");
  EXPECT_EQ(text_of(subscription["status"]), "active");
  EXPECT_EQ(text_of(subscription["user_id"]), "u1");
  EXPECT_EQ(text_of(subscription["plan"]), "price_1");
  EXPECT_EQ(text_of(subscription["current_period_end"]), "1970-01-01T00:33:20Z");
}

TEST_F(AdminTest, ASubscriptionThatOnlyAnInvoiceNamedHasNoStatus) {
  apply({.type = "invoice.paid", .object = R"({"id":"in_1","object":"invoice","subscription":"sub_5"})"});
  const Reply subscription = get("/v1/subscriptions/sub_5");
  EXPECT_EQ(subscription.status, 200);
  EXPECT_TRUE(subscription["status"].is_null());
  EXPECT_EQ(text_of(subscription["last_payment"]), "paid");
}

TEST_F(AdminTest, AProfileGathersWhatConcernsTheUser) {
  apply_examples();
  const Reply profile = get("/v1/profiles/u1");
  EXPECT_EQ(text_of(profile["subscription_status"]), "active");
  EXPECT_EQ(text_of(profile["subscription"]), "sub_1");
  EXPECT_EQ(json::canonical(profile["customers"]), R"(["cus_1"])");
  EXPECT_EQ(text_of(profile["account"]), "acct_1");
}

TEST_F(AdminTest, AUserWhoOnlyDepositedHasAProfileWithoutASubscription) {
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_4","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":null,"amount_total":1,"currency":"usd",
           "client_reference_id":"u4","metadata":{"type":"wallet_deposit"}})"});
  const Reply profile = get("/v1/profiles/u4");
  EXPECT_EQ(profile.status, 200);
  EXPECT_EQ(text_of(profile["subscription_status"]), "none");
}

TEST_F(AdminTest, AFailedPayoutShowsItsRetryAndRaisesAnAlert) {
  apply_examples();
  const Reply payout = get("/v1/payouts/po_1");
  EXPECT_EQ(text_of(payout["status"]), "failed");
  EXPECT_EQ(text_of(payout["session_payment"]), "sp_1");
  EXPECT_EQ(text_of(payout["retry"]["state"]), "queued");
  const Reply alerts = get("/v1/alerts?kind=payout_failed&subject=po_1");
  ASSERT_EQ(alerts.data().size(), 1U);
  EXPECT_TRUE(alerts.data().first()["acknowledged_at"].is_null());
}

TEST_F(AdminTest, APayoutThatOnlyARegistrationNamedIsNotThere) {
  ASSERT_EQ(put("/v1/session-payments/sp_9", R"({"tester_id":"t1","payout":"po_9"})").status, 200);
  EXPECT_EQ(get("/v1/payouts/po_9").status, 404);
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_9")["payout"]), "po_9");
}

TEST_F(AdminTest, ARegistrationIsAnsweredWithTheRowAndNamesTheRequest) {
  const Reply registered =
      put("/v1/session-payments/sp_1", R"({"tester_id":"t1","payout":"po_1","amount":700,"currency":"eur"})");
  ASSERT_EQ(registered.status, 200);
  EXPECT_EQ(text_of(registered["tester_id"]), "t1");
  EXPECT_EQ(text_of(registered["status"]), "pending");
  EXPECT_EQ(registered["amount"].integer(), 700);
  EXPECT_TRUE(text_of(registered["updated_by"]).starts_with("admin:"));
  EXPECT_EQ(json::canonical(registered.body.root()),
            json::canonical(get("/v1/session-payments/sp_1").body.root()));
}

TEST_F(AdminTest, ARegistrationAfterThePayoutFindsItFailed) {
  apply_examples();
  EXPECT_EQ(text_of(put("/v1/session-payments/sp_1", R"({"tester_id":"t1"})")["status"]), "failed");
}

TEST_F(AdminTest, ARegistrationNamesEveryWrongField) {
  const auto refused = [&](const std::string& body) { return put("/v1/session-payments/sp_1", body); };
  const Reply all = refused(R"({"payout":"","amount":-1,"currency":"EUR","tester":"t1"})");
  EXPECT_EQ(all.status, 400);
  EXPECT_EQ(all.type(), "invalid_request");
  for (const char* field : {"/tester_id", "/payout", "/amount", "/currency", "/tester"})
    EXPECT_FALSE(text_of(all.fields()[field]).empty()) << field;
  EXPECT_EQ(all.fields().size(), 5U);
  EXPECT_FALSE(text_of(refused(R"({"tester_id":"t","amount":1.5})").fields()["/amount"]).empty());
  EXPECT_FALSE(text_of(refused(R"({"tester_id":"t","amount":"1"})").fields()["/amount"]).empty());
  EXPECT_FALSE(text_of(refused(R"({"tester_id":null})").fields()["/tester_id"]).empty());
  EXPECT_FALSE(
      text_of(refused(R"({"tester_id":")" + std::string(256, 't') + R"("})").fields()["/tester_id"]).empty());
  EXPECT_FALSE(text_of(refused(R"({"tester_id":"t"} x)").fields()[""]).empty());
  EXPECT_FALSE(text_of(refused("[]").fields()[""]).empty());
  EXPECT_EQ(put("/v1/session-payments/" + std::string(256, 's'), R"({"tester_id":"t"})").status, 400);
  EXPECT_EQ(get("/v1/session-payments/sp_1").status, 404) << "nothing of it was written";
}

TEST_F(AdminTest, TheLongestIdsAreTaken) {
  const std::string id(255, 's');
  EXPECT_EQ(put("/v1/session-payments/" + id, R"({"tester_id":")" + std::string(255, 't') + R"("})").status,
            200);
  EXPECT_EQ(get("/v1/session-payments/" + id).status, 200);
}

TEST_F(AdminTest, UnknownIdsAreNotFoundWhateverTheyLookLike) {
  apply_examples();
  for (const char* resource : {"payments", "subscriptions", "profiles", "accounts", "payouts",
                               "session-payments", "wallets", "events"})
    for (const char* id : {"nothing", "%27%3B--", "%F0%9F%92%B8", "a%2Fb", "%25", "..%2F..", "%20", "null"}) {
      const Reply reply = get("/v1/" + std::string(resource) + "/" + id);
      EXPECT_EQ(reply.status, 404) << resource << " " << id;
      EXPECT_EQ(reply.type(), "not_found");
    }
  EXPECT_EQ(get("/v1/wallets/nobody/entries").status, 404);
}

}  // namespace
}  // namespace penstock
