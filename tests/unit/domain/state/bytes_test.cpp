// What stores hold of a few events, byte for byte: JSON columns, digests and the data of outbound events. Rows of
// earlier versions are read and compared with new ones, so a change here needs a migration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/domain/world.h"
#include "workers/domain/connect/session_payments.h"

namespace penstock::testing {
namespace {

const EventSpec kEvents[] = {
    {.type = "checkout.session.completed",
     .object = R"({"id":"cs_1","object":"checkout.session","payment_status":"paid","status":"complete",
       "payment_intent":"pi_1","mode":"payment","amount_total":1200,"currency":"usd","customer":"cus_1",
       "client_reference_id":"u1","metadata":{"app_slug":"bundles","bundle_id":"b1","course_ids":"c1,c2"}})",
     .id = "evt_1"},
    {.type = "payment_intent.succeeded",
     .object = R"({"id":"pi_1","status":"succeeded","amount":1200,"currency":"usd","customer":"cus_1",
       "latest_charge":"ch_1","metadata":{"user_id":"u1"}})",
     .id = "evt_2"},
    {.type = "charge.refunded",
     .object = R"({"id":"ch_1","payment_intent":"pi_1","amount":1200,"amount_refunded":500,"currency":"usd",
       "customer":"cus_1"})",
     .id = "evt_3"},
    {.type = "charge.dispute.closed",
     .object = R"({"id":"dp_1","charge":"ch_1","payment_intent":"pi_1","created":900,"status":"lost"})",
     .id = "evt_4"},
    {.type = "checkout.session.completed",
     .object = R"({"id":"cs_2","payment_status":"paid","amount_total":700,"currency":"eur","customer":"cus_2",
       "metadata":{"type":"wallet_deposit"}})",
     .id = "evt_5"},
    {.type = "customer.subscription.updated",
     .object = R"({"id":"sub_1","status":"active","customer":"cus_1","created":800,"quantity":2,
       "cancel_at_period_end":true,"canceled_at":950,"trial_end":850,"latest_invoice":"in_1",
       "metadata":{"user_id":"u1"},"items":{"data":[{"price":"price_1","current_period_start":700,
       "current_period_end":1700}]}})",
     .id = "evt_6",
     .previous_attributes = R"({"status":"trialing","items":{"data":[]}})"},
    {.type = "invoice.paid", .object = R"({"id":"in_1","subscription":"sub_1"})", .id = "evt_7"},
    {.type = "account.updated",
     .object = R"({"id":"acct_1","charges_enabled":true,"payouts_enabled":false,"details_submitted":true,
       "metadata":{"user_id":"u1"},"requirements":{"currently_due":["a"],"eventually_due":["a","b"],
       "past_due":["c"],"disabled_reason":"rejected"}})",
     .id = "evt_8",
     .previous_attributes = R"({"charges_enabled":false})"},
    {.type = "payout.failed",
     .object = R"({"id":"po_1","status":"failed","amount":300,"currency":"usd","arrival_date":1500,
       "destination":"ba_1","failure_code":"could_not_process","failure_message":"no",
       "metadata":{"session_payment_id":"sp_1"}})",
     .id = "evt_9",
     .account = "acct_1"},
    {.type = "payout.paid",
     .object = R"({"id":"po_2","status":"paid","amount":400,"currency":"usd","arrival_date":1600,
       "destination":"ba_1","metadata":{"session_payment_id":"sp_2"}})",
     .id = "evt_10",
     .livemode = false},
};

// "table key column value" of every JSON column, and of what outbound events say.
std::set<std::string> json_of(const World& world) {
  std::set<std::string> lines;
  for (const auto& [table, row] : world.stored())
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
      const Column& column = table->columns[i];
      const auto* text = std::get_if<std::string>(&row.cells[i]);
      if (text == nullptr || (column.type != ColumnType::json && column.name != "data")) continue;
      std::ostringstream line;
      line << table->name << " " << std::get<std::string>(row.cells[0]) << " " << column.name << " " << *text;
      lines.insert(line.str());
    }
  return lines;
}

TEST(StoredBytes, AreThoseOfEarlierVersions) {
  World world;
  for (const auto& event : kEvents) world.run(event);
  std::set<std::string> expected;
  std::ifstream lines(PENSTOCK_SOURCE_DIR "/tests/unit/domain/state/stored.txt");
  for (std::string line; std::getline(lines, line);) expected.insert(line);
  auto stored = json_of(world);
  for (const auto& row : world.all<SessionPayment>())
    stored.insert("session-payments " + row.key + " " + json::to_text(session_payment_view(row)));
  EXPECT_THAT(stored, ::testing::ContainerEq(expected));
}

}  // namespace
}  // namespace penstock::testing
