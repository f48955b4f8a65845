#include "workers/domain/invoices/invoices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/domain/partner_events.h"
#include "workers/domain/payments/payment.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PartnerSpec invoice(const std::string& what, std::int64_t created = 1000, const std::string& more = "",
                    const std::string& id = "inv_1") {
  return {.type = "invoice." + what,
          .data = R"({"id":")" + id + R"(","amount":1200,"currency":"usd")" + more + "}",
          .created = created};
}

Payment payment(const World& world, const std::string& id = "inv_1", const std::string& org = "acme") {
  const Scope scope = scope_of_org(org);
  const View view =
      world.view_of([&](const View& known, Reads& reads) { name_payment_reads(known, scope, id, reads); });
  const auto rows = payment_rows_of(Draft(view, scope), id);
  CHECK(rows.has_value());
  return project(*rows);
}

std::vector<std::string> told(const World& world) {
  std::vector<std::string> types;
  for (const auto& row : world.all<OutboxRow>()) types.push_back(row.org + " " + row.type);
  std::sort(types.begin(), types.end());
  return types;
}

// In every order, each twice: the state.
std::map<std::string, std::string> same_in_every_order(const std::vector<SaidEvent>& events) {
  std::vector<std::size_t> order(events.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::map<std::string, std::string> first;
  do {
    World world;
    for (const auto i : order) world.run(events[i]);
    for (const auto i : order) EXPECT_EQ(world.run(events[i]), Outcome::duplicate);
    if (first.empty()) first = world.state();
    EXPECT_EQ(world.state(), first);
  } while (std::next_permutation(order.begin(), order.end()));
  return first;
}

TEST(Invoices, APaidOneIsAPaymentOfItsUser) {
  World world;
  EXPECT_EQ(world.run(partner_event(invoice("paid", 1000, R"(,"user_id":"u1","subscription_id":"sub_1")"))),
            Outcome::applied);
  const Payment shown = payment(world);
  EXPECT_EQ(shown.id, "inv_1");
  EXPECT_EQ(shown.status, PaymentStatus::paid);
  EXPECT_EQ(shown.amount, MinorUnits{1200});
  EXPECT_EQ(shown.currency, "usd");
  EXPECT_EQ(shown.user_id, "u1");
  EXPECT_EQ(shown.subscription, "sub_1");
  EXPECT_EQ(shown.session, std::nullopt);
  EXPECT_TRUE(shown.livemode);
  EXPECT_FALSE(shown.fulfilled);
  EXPECT_THAT(told(world), ElementsAre("acme invoice.paid"));
  EXPECT_THAT(world.all<OutboxRow>().front().data, HasSubstr(R"("subscription":"sub_1","status":"paid")"));
  EXPECT_THAT(world.touched(),
              ElementsAre(TouchedRow{"payments", "inv_1"}, TouchedRow{"subscriptions", "sub_1"}));
}

TEST(Invoices, PaidBeatsFailedInEveryOrder) {
  const auto state =
      same_in_every_order({partner_event(invoice("failed", 1000)), partner_event(invoice("paid", 1001)),
                           partner_event(invoice("failed", 1002))});
  EXPECT_THAT(state.at("invoices/live@acme:inv_1"), HasSubstr("status=paid"));
}

TEST(Invoices, AFailureAfterAllIsNotTold) {
  World world;
  world.run(partner_event(invoice("paid", 1000)));
  EXPECT_EQ(world.run(partner_event(invoice("failed", 1001))), Outcome::duplicate);
  EXPECT_THAT(told(world), ElementsAre("acme invoice.paid"));
}

TEST(Invoices, FailedThenPaidIsToldTwiceAndARepetitionNotAtAll) {
  World world;
  world.run(partner_event(invoice("failed", 1000)));
  EXPECT_EQ(payment(world).status, PaymentStatus::failed);
  EXPECT_EQ(world.run(partner_event(invoice("failed", 1001))), Outcome::duplicate);
  EXPECT_EQ(world.run(partner_event(invoice("paid", 1002))), Outcome::applied);
  EXPECT_EQ(world.run(partner_event(invoice("paid", 1003))), Outcome::duplicate);
  EXPECT_EQ(world.run(partner_event(invoice("paid", 999))), Outcome::stale);
  EXPECT_THAT(told(world), ElementsAre("acme invoice.failed", "acme invoice.paid"));
}

TEST(Invoices, NewestAmountHoldsAndWhoWasNamedStays) {
  const SaidEvent newest = partner_event(
      {.type = "invoice.failed", .data = R"({"id":"inv_1","amount":900,"currency":"eur"})", .created = 1005});
  same_in_every_order({partner_event(invoice("paid", 1000, R"(,"user_id":"u1")")), newest,
                       partner_event(invoice("failed", 999, R"(,"user_id":"u0","subscription_id":"s")"))});
  World world;
  world.run(newest);
  EXPECT_EQ(world.run(partner_event(invoice("paid", 1000, R"(,"user_id":"u1")"))), Outcome::applied);
  EXPECT_EQ(payment(world).amount, MinorUnits{900});
  EXPECT_EQ(payment(world).currency, "eur");
  EXPECT_EQ(payment(world).user_id, "u1");
}

TEST(Invoices, TheSubscriptionKnowsItsLastPayment) {
  const std::string of_sub = R"(,"subscription_id":"sub_1")";
  const auto upgraded = partner_event(
      {.type = "subscription.upgraded", .data = R"({"id":"sub_1","plan":"gold"})", .created = 900});
  same_in_every_order({upgraded, partner_event(invoice("paid", 1000, of_sub, "inv_1")),
                       partner_event(invoice("failed", 1001, of_sub, "inv_2")),
                       partner_event(invoice("paid", 1001, of_sub, "inv_3"))});
  World world;
  world.run(upgraded);
  world.run(partner_event(invoice("paid", 1000, of_sub, "inv_1")));
  world.run(partner_event(invoice("failed", 1001, of_sub, "inv_2")));
  const auto row = world.find<Subscription>("sub_1", scope_of_org("acme"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->last_payment, InvoiceOutcome::failed);
  EXPECT_EQ(row->status, SubscriptionStatus::active);
  EXPECT_THAT(told(world),
              ElementsAre("acme invoice.failed", "acme invoice.paid", "acme subscription.updated",
                          "acme subscription.updated", "acme subscription.upgraded"));
}

TEST(Invoices, ASubscriptionThatOnlyTheyNameHasNoStatusAndIsNotToldOf) {
  World world;
  world.run(partner_event(invoice("paid", 1000, R"(,"subscription_id":"sub_1")")));
  EXPECT_EQ(world.find<Subscription>("sub_1", scope_of_org("acme"))->status, std::nullopt);
  EXPECT_THAT(told(world), ElementsAre("acme invoice.paid"));
}

TEST(Invoices, OneIdInTwoOrgsIsTwoPayments) {
  World world;
  PartnerSpec there = invoice("failed");
  there.org = "default";
  there.partner = "erp";
  world.run_said({partner_event(invoice("paid")), partner_event(there)});
  EXPECT_EQ(payment(world).status, PaymentStatus::paid);
  EXPECT_EQ(payment(world, "inv_1", "default").status, PaymentStatus::failed);
}

// Even in the platform's own org, whose ids the partner may use: no wallet, grant or Stripe object hangs on them.
TEST(Invoices, PayForNothingOfStripes) {
  World world;
  world.run({.type = "checkout.session.completed",
             .object = R"({"id":"cs_1","object":"checkout.session","status":"complete",
               "payment_status":"unpaid","mode":"payment","payment_intent":"pi_1","amount_total":1200,
               "currency":"usd","client_reference_id":"u1","metadata":{"type":"wallet_deposit"}})"});
  for (const std::string id : {"cs_1", "pi_1", "ch_1"}) {
    PartnerSpec spec = invoice("paid", 1000, R"(,"user_id":"u1")", id);
    spec.org = "default";
    EXPECT_EQ(world.run(partner_event(spec)), Outcome::applied);
  }
  EXPECT_EQ(payment(world, "cs_1", "default").status, PaymentStatus::processing);
  EXPECT_EQ(payment(world, "pi_1", "default").id, "cs_1");
  EXPECT_THAT(world.all<Wallet>(), IsEmpty());
  EXPECT_THAT(world.all<LedgerEntry>(), IsEmpty());
  EXPECT_THAT(world.all<Fulfillment>(), IsEmpty());
}

}  // namespace
}  // namespace penstock::testing
