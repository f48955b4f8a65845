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

TEST_F(AdminTest, MetadataThatChangesBackAndForthGivesOnceAndStopsNothing) {
  int created = 1000;
  for (const char* metadata : {R"({"app_slug":"courses","course_id":"c1"})", R"({"type":"wallet_deposit"})",
                               R"({"app_slug":"courses","course_id":"c1"})", R"({"type":"wallet_deposit"})"})
    apply({.type = "checkout.session.async_payment_succeeded",
           .object = std::string(R"({"id":"cs_9","object":"checkout.session","status":"complete",
             "payment_status":"paid","mode":"payment","payment_intent":null,"amount_total":500,
             "currency":"usd","client_reference_id":"u9","metadata":)") +
                     metadata + "}",
           .created = created++});
  const Reply fulfillments = get("/v1/fulfillments?payment=cs_9");
  ASSERT_EQ(fulfillments.data().size(), 1U);
  EXPECT_EQ(json::canonical(fulfillments.data().first()["grants"]), R"([{"id":"c1","kind":"course"}])");
  EXPECT_EQ(get("/v1/payments/cs_9")["fulfilled"].boolean(), true);
  EXPECT_EQ(json::canonical(get("/v1/wallets/u9")["balances"]), R"({"usd":500})");
  EXPECT_EQ(get("/v1/ledger/check")["balanced"].boolean(), true);
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
  const Reply all =
      refused(R"({"payout":"","amount":-1,"currency":"EUR","tester":"t1","account":"","livemode":"true"})");
  EXPECT_EQ(all.status, 400);
  EXPECT_EQ(all.type(), "invalid_request");
  for (const char* field :
       {"/tester_id", "/payout", "/amount", "/currency", "/tester", "/account", "/livemode"})
    EXPECT_FALSE(text_of(all.fields()[field]).empty()) << field;
  EXPECT_EQ(all.fields().size(), 7U);
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

// One id of the platform in both modes and of two connected accounts.
constexpr std::string_view kEverywhere =
    R"({"id":"cs_9","object":"checkout.session","status":"complete","payment_status":"paid",
        "mode":"payment","payment_intent":"pi_9","amount_total":1,"currency":"usd","metadata":{}})";

TEST_F(AdminTest, APaymentOfEachModeAndAccountIsShownWhenAskedFor) {
  const auto told = [&](bool livemode, std::optional<std::string> account) {
    apply({.type = "checkout.session.completed",
           .object = std::string(kEverywhere),
           .account = std::move(account),
           .livemode = livemode});
  };
  const auto shown = [&](const std::string& query) {
    const Reply payment = get("/v1/payments/pi_9" + query);
    if (payment.status != 200) return std::to_string(payment.status);
    EXPECT_EQ(text_of(payment["id"]), "cs_9");
    return (payment["livemode"].boolean() == true ? "live " : "test ") + text_of(payment["account"]);
  };
  told(false, "acct_2");
  EXPECT_EQ(shown(""), "test acct_2");
  told(false, {});
  EXPECT_EQ(shown(""), "test ") << "the platform's before an account's";
  told(true, "acct_1");
  EXPECT_EQ(shown(""), "live acct_1") << "live before test";
  told(true, {});
  EXPECT_EQ(shown(""), "live ");
  EXPECT_EQ(shown("?livemode=true"), "live ");
  EXPECT_EQ(shown("?livemode=false"), "test ");
  EXPECT_EQ(shown("?account=acct_1"), "live acct_1");
  EXPECT_EQ(shown("?account=acct_2"), "test acct_2");
  EXPECT_EQ(shown("?account=acct_2&livemode=true"), "404");
  EXPECT_EQ(shown("?livemode=1"), "400");
}

TEST_F(AdminTest, AnAccountIsShownInEachMode) {
  apply_examples();
  apply({.type = "account.updated",
         .object = R"({"id":"acct_1","object":"account","charges_enabled":true,"payouts_enabled":true})",
         .account = "acct_1",
         .livemode = false});
  EXPECT_EQ(text_of(get("/v1/accounts/acct_1")["status"]), "pending");
  EXPECT_EQ(get("/v1/accounts/acct_1")["livemode"].boolean(), true);
  EXPECT_EQ(text_of(get("/v1/accounts/acct_1?livemode=true")["status"]), "pending");
  EXPECT_EQ(text_of(get("/v1/accounts/acct_1?livemode=false")["status"]), "enabled");
  EXPECT_EQ(text_of(get("/v1/profiles/u1")["account"]), "acct_1");
  EXPECT_EQ(get("/v1/profiles/u1?livemode=false").status, 404);
}

TEST_F(AdminTest, AProfileIsOfOneMode) {
  const auto subscription = [&](bool livemode, const std::string& id) {
    apply({.type = "customer.subscription.updated",
           .object = R"({"object":"subscription","status":"active","metadata":{"user_id":"u9"},"id":")" + id +
                     "\"}",
           .livemode = livemode});
  };
  subscription(false, "sub_t");
  EXPECT_EQ(text_of(get("/v1/profiles/u9")["subscription"]), "sub_t");
  EXPECT_EQ(get("/v1/profiles/u9")["livemode"].boolean(), false);
  EXPECT_EQ(get("/v1/profiles/u9?livemode=true").status, 404);
  subscription(true, "sub_l");
  EXPECT_EQ(text_of(get("/v1/profiles/u9")["subscription"]), "sub_l");
  EXPECT_EQ(text_of(get("/v1/profiles/u9?livemode=false")["subscription"]), "sub_t");
}

TEST_F(AdminTest, AConnectedAccountsObjectsAreShownButNotInProfiles) {
  apply_examples();
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_c","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":"pi_c","amount_total":9,"currency":"usd","customer":"cus_1",
           "client_reference_id":"u7","metadata":{"type":"wallet_deposit"}})",
         .account = "acct_1"});
  apply({.type = "customer.subscription.updated",
         .object = R"({"id":"sub_c","object":"subscription","status":"active","customer":"cus_c",
           "metadata":{"user_id":"u7"}})",
         .account = "acct_1"});
  EXPECT_EQ(text_of(get("/v1/payments/cs_c")["account"]), "acct_1");
  EXPECT_EQ(text_of(get("/v1/subscriptions/sub_c")["account"]), "acct_1");
  EXPECT_EQ(text_of(get("/v1/subscriptions/sub_c")["user_id"]), "u7");
  EXPECT_EQ(get("/v1/profiles/u7").status, 404);
  EXPECT_EQ(get("/v1/wallets/u7").status, 404);
  EXPECT_EQ(get("/v1/alerts?kind=deposit_refused&subject=cs_c").data().size(), 1U);
  EXPECT_EQ(json::canonical(get("/v1/profiles/u1")["customers"]), R"(["cus_1"])");
}

TEST_F(AdminTest, ATrustedAccountsObjectsCount) {
  policy_.trust_connected_accounts = true;
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_c","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":"pi_c","amount_total":9,"currency":"usd","customer":"cus_c",
           "client_reference_id":"u7","metadata":{"app_slug":"courses","course_id":"c1"}})",
         .account = "acct_1"});
  apply({.type = "customer.subscription.updated",
         .object = R"({"id":"sub_c","object":"subscription","status":"active","customer":"cus_c"})",
         .account = "acct_1"});
  EXPECT_EQ(text_of(get("/v1/profiles/u7")["subscription"]), "sub_c");
  EXPECT_EQ(json::canonical(get("/v1/profiles/u7")["customers"]), R"(["cus_c"])");
  const Reply fulfillments = get("/v1/fulfillments?payment=pi_c");
  ASSERT_EQ(fulfillments.data().size(), 1U);
  EXPECT_EQ(text_of(fulfillments.data().first()["account"]), "acct_1");
  EXPECT_EQ(get("/v1/fulfillments?payment=cs_c&livemode=false").data().size(), 0U);
}

TEST_F(AdminTest, AUsersOwnRowsAreNotPushedOutOfTheProfile) {
  apply_examples();
  clock_.advance(Milliseconds{1000});
  for (int i = 0; i < 501; ++i) {
    auto forged = make_row<Subscription>({true, "acct_1"}, "sub_f" + std::to_string(i));
    forged.status = SubscriptionStatus::active;
    forged.user_id = "u1";
    write(forged);
  }
  EXPECT_EQ(text_of(get("/v1/profiles/u1")["subscription"]), "sub_1");
}

TEST_F(AdminTest, ASessionPaymentIsSettledInItsModeOnly) {
  const auto payout = [&](bool livemode, const std::string& id) {
    apply({.type = "payout.paid",
           .object = R"({"object":"payout","status":"paid","amount":700,"currency":"eur",
             "metadata":{"session_payment_id":"sp_1"},"id":")" +
                     id + "\"}",
           .account = "acct_1",
           .livemode = livemode});
  };
  const std::string body = R"({"tester_id":"t1","amount":700,"currency":"eur","account":"acct_1")";
  Reply registered = put("/v1/session-payments/sp_1", body + R"(,"livemode":true})");
  ASSERT_EQ(registered.status, 200);
  EXPECT_EQ(text_of(registered["account"]), "acct_1");
  EXPECT_EQ(registered["livemode"].boolean(), true);
  payout(false, "po_t");
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_1")["status"]), "pending");
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_1?livemode=false")["status"]), "paid");
  payout(true, "po_l");
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_1")["status"]), "paid");
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_1")["payout"]), "po_l");
  EXPECT_EQ(get("/v1/alerts?kind=payout_mismatch").data().size(), 0U);
}

TEST_F(AdminTest, ASessionPaymentWithoutAModeBelongsToBoth) {
  const Reply registered = put("/v1/session-payments/sp_1", R"({"tester_id":"t1"})");
  EXPECT_TRUE(registered["livemode"].is_null());
  EXPECT_EQ(get("/v1/session-payments/sp_1?livemode=true")["livemode"].boolean(), true);
  EXPECT_EQ(get("/v1/session-payments/sp_1?livemode=false")["livemode"].boolean(), false);
  apply({.type = "payout.paid",
         .object = R"({"id":"po_t","object":"payout","status":"paid","amount":1,"currency":"usd",
           "metadata":{"session_payment_id":"sp_1"}})",
         .livemode = false});
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_1")["status"]), "paid");
  EXPECT_EQ(get("/v1/session-payments/sp_1")["livemode"].boolean(), false);
  EXPECT_TRUE(text_of(get("/v1/session-payments/sp_1")["updated_by"]).starts_with("stripe:"));
  EXPECT_TRUE(text_of(get("/v1/session-payments/sp_1?livemode=true")["updated_by"]).starts_with("admin:"));
}

TEST_F(AdminTest, APayoutThatIsNotAsRegisteredRaisesAnAlertAndSettlesNothing) {
  apply_examples();
  ASSERT_EQ(put("/v1/session-payments/sp_1", R"({"tester_id":"t1","amount":5000})").status, 200);
  EXPECT_EQ(text_of(get("/v1/session-payments/sp_1")["status"]), "pending");
  const Reply alerts = get("/v1/alerts?kind=payout_mismatch&subject=po_1");
  ASSERT_EQ(alerts.data().size(), 1U);
  EXPECT_EQ(text_of(get("/v1/payouts/po_1")["session_payment"]), "sp_1");
}

TEST_F(AdminTest, APayoutIsShownByModeAndAccount) {
  apply_examples();
  apply({.type = "payout.paid",
         .object = R"({"id":"po_1","object":"payout","status":"paid","amount":700,"currency":"eur"})",
         .livemode = false});
  EXPECT_EQ(text_of(get("/v1/payouts/po_1")["status"]), "failed");
  EXPECT_EQ(text_of(get("/v1/payouts/po_1?livemode=false")["status"]), "paid");
  EXPECT_EQ(text_of(get("/v1/payouts/po_1?account=acct_1")["account"]), "acct_1");
  EXPECT_EQ(get("/v1/payouts/po_1?account=acct_9").status, 404);
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
