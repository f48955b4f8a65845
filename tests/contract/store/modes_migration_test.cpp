// A store of schema 1 or 2 that is full of rows is brought forward: every row is found again under the key of
// its mode and account, with the right values in the columns that are new.
#include <gmock/gmock.h>

#include "schemas/embedded.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/connect/payouts.h"
#include "workers/domain/connect/session_payments.h"
#include "workers/domain/payments/fulfil.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

const Scope kLive{.livemode = true};
const Scope kTest{.livemode = false};
const Scope kAccount{true, "acct_1"};

struct Old {
  std::string adapter;
  int version;
};
void PrintTo(const Old& old, std::ostream* out) { *out << old.adapter << " of schema " << old.version; }

class ModesMigration : public testing::TestWithParam<Old> {
 protected:
  void SetUp() override {
    make_old_schema();
    fill();
    harness_->execute(script_);
    store_ = harness_->open();
    const auto migrated = store_->migrate();
    ASSERT_TRUE(migrated) << migrated.error().detail;
    ASSERT_TRUE(store_->ready());
  }

  bool is_postgres() const { return GetParam().adapter == "postgres"; }
  std::string time(int seconds) const {
    return is_postgres() ? "to_timestamp(" + std::to_string(seconds) + ")" : std::to_string(seconds * 1000);
  }

  void make_old_schema() {
    execute(is_postgres() ? "CREATE TABLE penstock_schema (version bigint PRIMARY KEY, "
                            "applied_at timestamptz NOT NULL DEFAULT now())"
                          : "CREATE TABLE penstock_schema (version INTEGER PRIMARY KEY, "
                            "applied_at INTEGER NOT NULL) STRICT");
    const auto files = is_postgres() ? schemas::postgres_migrations() : schemas::sqlite_migrations();
    for (int version = 1; version <= GetParam().version; ++version) {
      execute(std::string(files[static_cast<std::size_t>(version - 1)]));
      execute("INSERT INTO penstock_schema VALUES (" + std::to_string(version) + ", " + time(0) + ")");
    }
  }

  void insert(const std::string& table, const std::string& columns, const std::string& values) {
    const bool guarded = table != "fulfillments" && table != "ledger_entries";
    execute("INSERT INTO " + table + " (" + columns + (guarded ? ", rev, updated_at, updated_by" : "") +
            ", created_at) VALUES (" + values + (guarded ? ", 3, " + time(20) + ", 'stripe:evt_new'" : "") +
            ", " + time(10) + ")");
  }
  // In one go at the end: the database is opened anew for each.
  void execute(const std::string& sql) { script_ += sql + ";\n"; }

  void session(const std::string& id, const std::string& values) {
    insert("checkout_sessions",
           "id, version, livemode, account, status, customer, user_id, app_slug, metadata, payment_intent, "
           "fulfilled, "
           "fulfilled_by, credited_to, credited, reversed, amount, currency",
           "'" + id + R"(', '{"created":"2025-01-01T00:00:00Z","rank":0,"event":"evt_1"}', )" + values +
               ", 5000, 'usd'");
  }
  void customer(const std::string& id, const std::string& user, const std::string& deposits) {
    insert("customers", "id, user_id, linked_by, deposits",
           "'" + id + "', " + user + R"(, '{"created":"2025-01-01T00:00:00Z","rank":0,"event":"evt_1"}', ')" +
               deposits + "'");
  }
  void payout(const std::string& id, const std::string& values) {
    insert(
        "payouts",
        "id, version, status, livemode, account, amount, currency, session_payment, registered, retry_state, "
        "retry_attempts, retry_next_at",
        "'" + id + "', NULL, " + values);
  }
  void session_payment(const std::string& id, const std::string& values) {
    insert("session_payments", "id, status, tester_id, payout, amount, payouts", "'" + id + "', " + values);
  }

  void fill() {
    session("cs_course",
            R"(true, NULL, 'paid', 'cus_1', 'u1', 'courses', '{"app_slug":"courses","course_id":"c1"}',
            'pi_1', true, 'stripe:evt_course', NULL, 0, 0)");
    session("cs_later", R"(true, NULL, 'processing', NULL, 'u1', 'bundles',
            '{"app_slug":"bundles","bundle_id":"b1","course_ids":" c2,c1 ,"}', 'pi_2', false, NULL, NULL, 0, 0)");
    session("cs_deposit",
            R"(false, NULL, 'paid', 'cus_1', NULL, NULL, '{"type":"wallet_deposit"}', NULL, true,
            'stripe:evt_deposit', 'u1', 5000, 100)");
    session("cs_moved", R"(true, NULL, 'paid', NULL, NULL, NULL, '{"type":"wallet_deposit"}', NULL, false,
            'stripe:evt_moved', NULL, 0, 0)");
    session("cs_account", R"(true, 'acct_1', 'paid', 'cus_1', 'u9', 'courses',
            '{"app_slug":"courses","course_id":"c9"}', 'pi_9', true, 'stripe:evt_account', NULL, 0, 0)");
    for (const auto& [payment, course] : {std::pair("cs_course", "c1"), std::pair("cs_account", "c9")})
      insert("fulfillments", "id, payment, app_slug, action, user_id, customer, grants, event",
             std::string("'") + payment + "', '" + payment + "', 'courses', 'grant', 'u1', 'cus_1', " +
                 R"('[{"kind":"course","id":")" + course + R"("}]', 'stripe:evt_course')");
    insert("payment_intents", "id, status, livemode, account, customer, metadata, sessions, charges",
           R"('pi_9', 'paid', true, 'acct_1', NULL, '{}', '["cs_account"]', '["ch_9"]')");
    insert("charges", "id, payment_intent, livemode, account, amount_refunded",
           "'ch_9', 'pi_9', true, 'acct_1', 7");
    customer("cus_1", "'u1'", R"(["cs_account","cs_deposit"])");
    customer("cus_alone", "'u2'", "[]");
    customer("cus_sub", "'u3'", "[]");
    insert("wallets", "id, user_id, currency, livemode, balance, deposits",
           "'test:usd:u1', 'u1', 'usd', false, 4900, 1");
    ledger("deposit", "cs_deposit", 5000);
    ledger("refund", "cs_deposit", -100);
    ledger("deposit", "cs_moved", 0);
    for (const auto& [id, scope] : {std::pair("sub_1", "true, NULL"), std::pair("sub_2", "false, 'acct_1'")})
      insert("subscriptions", "id, livemode, account, status, customer, cancel_at_period_end, events",
             std::string("'") + id + "', " + scope +
                 R"(, 'active', 'cus_sub', false,
                 '{"created":"2025-01-01T00:00:00Z","terminal":false,"crowded":false,"contenders":[]}')");
    insert("accounts",
           "id, livemode, user_id, status, charges_enabled, payouts_enabled, details_submitted, "
           "requirements, events",
           R"('acct_1', false, 'u1', 'enabled', true, true, true,
           '{"currently_due":[],"eventually_due":[],"past_due":[],"disabled_reason":null}',
           '{"created":"2025-01-01T00:00:00Z","terminal":false,"crowded":false,"contenders":[]}')");
    payout("po_1", "'paid', true, 'acct_1', 1, 'usd', 'sp_1', '[]', 'none', 0, NULL");
    payout("po_named", "NULL, false, NULL, NULL, NULL, NULL, '[\"sp_2\"]', 'none', 0, NULL");
    payout("po_3", "'failed', false, NULL, 7, 'eur', NULL, '[\"sp_3\"]', 'queued', 0, " + time(500));
    session_payment("sp_1", R"('paid', 't1', NULL, 5000, '[{"id":"po_1","status":"paid"}]')");
    session_payment("sp_2", R"('pending', 't2', 'po_named', NULL, '[{"id":"po_named","status":"pending"}]')");
    session_payment("sp_3", R"('failed', 't3', 'po_3', NULL, '[{"id":"po_3","status":"failed"}]')");
    session_payment("sp_named", R"('failed', NULL, NULL, NULL, '[{"id":"po_3","status":"failed"}]')");
    session_payment("sp_left", "'pending', NULL, NULL, NULL, '[]'");
  }
  void ledger(const std::string& kind, const std::string& payment, int amount) {
    for (const auto& [account, user, sign] :
         {std::tuple("wallet:test:usd:u1", "'u1'", 1), std::tuple("stripe:test:usd", "NULL", -1)})
      insert("ledger_entries",
             "id, effect_key, kind, account, amount, currency, livemode, user_id, payment, event",
             "'" + kind + payment + account + "', '" + kind + ":" + payment + "', '" + kind + "', '" +
                 account + "', " + std::to_string(sign * amount) + ", 'usd', false, " + user + ", '" +
                 payment + "', 'stripe:evt_d'");
  }

  template <class R>
  std::optional<R> find(const Scope& scope, const std::string& id) {
    const auto rows = read(*store_, table_of<R>(), {scope.key(id)});
    if (rows.empty()) return std::nullopt;
    stamp_ = rows.front().stamp;
    rev_ = rows.front().rev;
    auto row = from_cells<R>(rows.front().cells);
    EXPECT_TRUE(row) << "a migrated row cannot be read: " << scope.key(id);
    return row;
  }

  std::unique_ptr<StoreHarness> harness_ = make_harness(GetParam().adapter);
  std::unique_ptr<StoreAdapter> store_;
  std::string script_;
  RowStamp stamp_;
  std::int64_t rev_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Stores, ModesMigration,
                         testing::Values(Old{"postgres", 1}, Old{"postgres", 2}, Old{"sqlite", 1},
                                         Old{"sqlite", 2}),
                         [](const auto& each) {
                           return each.param.adapter + std::to_string(each.param.version);
                         });

TEST_P(ModesMigration, SessionsKeepWhatTheyWereGrantedAndCredited) {
  const auto course = find<CheckoutSession>(kLive, "cs_course");
  ASSERT_TRUE(course);
  EXPECT_EQ(course->id, "cs_course");
  EXPECT_TRUE(course->trusted && course->granted && is_fulfilled(*course));
  EXPECT_EQ(course->named, (std::vector<NamedGrants>{{"courses", {{"course", "c1"}}}}));
  EXPECT_THAT(course->fulfilled_by, Optional(EventKey{"stripe:evt_course"}));
  EXPECT_FALSE(course->deposited);
  EXPECT_EQ(rev_, 3);
  EXPECT_EQ(to_unix_ms(stamp_.created_at), 10'000);
  EXPECT_EQ(stamp_.updated_by, "stripe:evt_new");

  const auto deposit = find<CheckoutSession>(kTest, "cs_deposit");
  ASSERT_TRUE(deposit);
  EXPECT_TRUE(deposit->trusted && deposit->deposited && is_fulfilled(*deposit));
  EXPECT_FALSE(deposit->granted);
  EXPECT_EQ(deposit->credited_to, "u1");
  EXPECT_EQ(deposit->reversed, MinorUnits{100});
  EXPECT_FALSE(find<CheckoutSession>(kLive, "cs_deposit"));

  const auto moved = find<CheckoutSession>(kLive, "cs_moved");
  ASSERT_TRUE(moved);
  EXPECT_TRUE(moved->deposited) << "its effect key is used";
  EXPECT_FALSE(is_fulfilled(*moved));
  EXPECT_EQ(moved->fulfilled_by, std::nullopt);
}

TEST_P(ModesMigration, WhatASessionNamedIsStillGivenWhenItIsPaid) {
  const auto later = find<CheckoutSession>(kLive, "cs_later");
  ASSERT_TRUE(later);
  EXPECT_FALSE(later->granted);
  EXPECT_EQ(named_by(*later),
            (std::vector<NamedGrants>{{"bundles", {{"bundle", "b1"}, {"course", "c2"}, {"course", "c1"}}}}));
}

TEST_P(ModesMigration, RowsOfAConnectedAccountNameItAndAreNotTrusted) {
  const auto session = find<CheckoutSession>(kAccount, "cs_account");
  ASSERT_TRUE(session);
  EXPECT_FALSE(session->trusted);
  EXPECT_TRUE(session->granted) << "it was given, and is not taken back";
  EXPECT_TRUE(find<PaymentIntent>(kAccount, "pi_9"));
  EXPECT_EQ(find<Charge>(kAccount, "ch_9")->amount_refunded, MinorUnits{7});
  EXPECT_TRUE(find<Subscription>(kLive, "sub_1")->trusted);
  EXPECT_FALSE(find<Subscription>({false, "acct_1"}, "sub_2")->trusted);
}

TEST_P(ModesMigration, FulfillmentsAreOfAPaymentAndAnApp) {
  const auto course = find<Fulfillment>(kLive, fulfillment_id("cs_course", "courses"));
  ASSERT_TRUE(course);
  EXPECT_EQ(course->payment, "cs_course");
  EXPECT_THAT(course->grants, ElementsAre(Grant{"course", "c1"}));
  EXPECT_EQ(to_unix_ms(stamp_.updated_at), 10'000);
  EXPECT_EQ(stamp_.updated_by, "stripe:evt_course");
  EXPECT_EQ(rev_, 1);
  EXPECT_EQ(find<Fulfillment>(kAccount, fulfillment_id("cs_account", "courses"))->account, "acct_1");
}

TEST_P(ModesMigration, ALinkIsOfTheScopeWhoseSessionsTellOfIt) {
  const auto live = find<Customer>(kLive, "cus_1");
  ASSERT_TRUE(live);
  EXPECT_TRUE(live->trusted);
  EXPECT_EQ(live->user_id, "u1");
  EXPECT_TRUE(live->linked_by);
  EXPECT_THAT(live->deposits, IsEmpty());
  const auto test = find<Customer>(kTest, "cus_1");
  ASSERT_TRUE(test);
  EXPECT_EQ(test->user_id, std::nullopt);
  EXPECT_THAT(test->deposits, ElementsAre("cs_deposit"));
  const auto account = find<Customer>(kAccount, "cus_1");
  ASSERT_TRUE(account);
  EXPECT_FALSE(account->trusted);
  EXPECT_EQ(account->user_id, std::nullopt);
  EXPECT_THAT(account->deposits, ElementsAre("cs_account"));
}

TEST_P(ModesMigration, ACustomerThatIsNamedNowhereElseKeepsItsLink) {
  EXPECT_EQ(find<Customer>(kLive, "cus_alone")->user_id, "u2");
  EXPECT_TRUE(find<Customer>(kLive, "cus_sub"));
  EXPECT_TRUE(find<Customer>({false, "acct_1"}, "cus_sub"));
  EXPECT_FALSE(find<Customer>(kTest, "cus_sub"));
}

TEST_P(ModesMigration, MoneyStaysWhereItIs) {
  const auto wallet = read(*store_, table_of<Wallet>(), {"test:usd:u1"});
  ASSERT_EQ(wallet.size(), 1u);
  const auto check = store_->check_ledger().value();
  EXPECT_EQ(check.entries, 6);
  EXPECT_THAT(check.broken_wallets, IsEmpty());
  EXPECT_THAT(check.broken_postings, IsEmpty());
}

TEST_P(ModesMigration, AccountsAndPayoutsAreOfOneMode) {
  EXPECT_EQ(find<ConnectedAccount>(kTest, "acct_1")->status, AccountStatus::enabled);
  EXPECT_FALSE(find<ConnectedAccount>(kLive, "acct_1"));
  EXPECT_EQ(find<Payout>(kAccount, "po_1")->status, PayoutStatus::paid);
  EXPECT_EQ(payout_view(*find<Payout>(kTest, "po_3")).session_payment, "sp_3");
  EXPECT_EQ(to_unix_ms(*find<Payout>(kTest, "po_3")->retry_next_at), 500'000);
  EXPECT_FALSE(find<Payout>(kTest, "po_named")) << "no event has told of it";
}

TEST_P(ModesMigration, WhatWasRegisteredWithAPayoutsIdHoldsInBothModes) {
  EXPECT_THAT(find<PayoutId>(kLive, "po_1")->accounts, ElementsAre("acct_1"));
  EXPECT_THAT(find<PayoutId>(kLive, "po_1")->registered, IsEmpty());
  EXPECT_FALSE(find<PayoutId>(kTest, "po_1"));
  for (const auto& mode : {kLive, kTest}) {
    EXPECT_THAT(find<PayoutId>(mode, "po_named")->registered, ElementsAre("sp_2"));
    EXPECT_THAT(find<PayoutId>(mode, "po_named")->accounts, IsEmpty());
    EXPECT_THAT(find<PayoutId>(mode, "po_3")->registered, ElementsAre("sp_3"));
  }
  EXPECT_THAT(find<PayoutId>(kTest, "po_3")->accounts, ElementsAre(""));
  EXPECT_THAT(find<PayoutId>(kLive, "po_3")->accounts, IsEmpty());
}

TEST_P(ModesMigration, SessionPaymentsAreOfBothModesAndSettledByTheirRules) {
  const auto live = find<SessionPayment>(kLive, "sp_1");
  ASSERT_TRUE(live);
  EXPECT_TRUE(live->both_modes);
  EXPECT_EQ(live->payouts,
            (std::vector<LinkedPayout>{{"po_1", "acct_1", PayoutStatus::paid, MinorUnits{1}, "usd"}}));
  EXPECT_EQ(session_payment_view(*live).status, SessionPaymentStatus::pending) << "1 is not 5000";
  EXPECT_THAT(find<SessionPayment>(kTest, "sp_1")->payouts, IsEmpty());
  EXPECT_EQ(find<SessionPayment>(kLive, "sp_2")->payout, "po_named");
  EXPECT_THAT(find<SessionPayment>(kLive, "sp_2")->payouts, IsEmpty());
  EXPECT_EQ(session_payment_view(*find<SessionPayment>(kTest, "sp_3")).status, SessionPaymentStatus::failed);
  EXPECT_EQ(session_payment_view(*find<SessionPayment>(kLive, "sp_3")).status, SessionPaymentStatus::pending);
  EXPECT_FALSE(find<SessionPayment>(kLive, "sp_named"));
  EXPECT_FALSE(find<SessionPayment>(kTest, "sp_named")->both_modes);
  EXPECT_TRUE(find<SessionPayment>(kLive, "sp_left"));
  EXPECT_FALSE(find<SessionPayment>(kTest, "sp_left"));
}

}  // namespace
}  // namespace penstock
