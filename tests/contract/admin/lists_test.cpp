// Pages, cursors and what is wrong with a query.
#include <set>

#include "tests/contract/admin/admin_fixture.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {
namespace {

class AdminLists : public AdminTest {
 protected:
  void add_event(int number, Timestamp received_at) {
    InboxRow row;
    row.key = {"stripe:evt_" + std::to_string(number)};
    row.type = "payout.paid";
    row.source = "stripe";
    row.topic = "payouts";
    row.received_at = received_at;
    write(row);
  }
};

std::vector<std::string> keys_of(const Reply& page) {
  std::vector<std::string> keys;
  const auto data = page.data();
  for (auto each = data.first(); !each.absent(); each = data.next(each)) keys.push_back(text_of(each["key"]));
  return keys;
}

// Three of each millisecond, so that the pages end within one.
TEST_F(AdminLists, PagesMissAndRepeatNothingWhileRowsAreAdded) {
  const Timestamp start = clock_.now();
  for (int i = 0; i < 20; ++i) add_event(i, start + Milliseconds{i / 3});
  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    const Reply reply = get("/v1/events?limit=4" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(reply.status, 200);
    for (auto& key : keys_of(reply)) seen.push_back(std::move(key));
    add_event(100 + page, start + Milliseconds{1000 + page});
    if (reply["next_cursor"].is_null()) break;
    cursor = text_of(reply["next_cursor"]);
  }
  EXPECT_EQ(seen.size(), 20U);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 20U);
  EXPECT_EQ(seen.front(), "stripe:evt_19");
}

TEST_F(AdminLists, TheLastPageHasNoCursor) {
  for (int i = 0; i < 4; ++i) add_event(i, clock_.now());
  EXPECT_TRUE(get("/v1/events?limit=4")["next_cursor"].is_null());
  EXPECT_TRUE(get("/v1/events")["next_cursor"].is_null());
  EXPECT_FALSE(get("/v1/events?limit=3")["next_cursor"].is_null());
}

TEST_F(AdminLists, APageHasFiftyRowsUnlessToldOtherwise) {
  for (int i = 0; i < 51; ++i) add_event(i, clock_.now());
  EXPECT_EQ(get("/v1/events").data().size(), 50U);
  EXPECT_EQ(get("/v1/events?limit=500").data().size(), 51U);
  EXPECT_EQ(get("/v1/events?limit=1").data().size(), 1U);
}

TEST_F(AdminLists, EveryListPages) {
  apply_examples();
  apply({.type = "payout.failed", .object = R"({"id":"po_2","object":"payout","status":"failed"})"});
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_5","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":null,"amount_total":5,"currency":"usd",
           "client_reference_id":"u1","metadata":{"type":"wallet_deposit"}})"});
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_6","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":null,"amount_total":5,"currency":"usd",
           "client_reference_id":"u1","metadata":{"app_slug":"courses","course_id":"c-8"}})"});
  apply_body("no JSON");
  apply({.type = "payout.paid", .object = R"({})"});
  for (const char* list :
       {"/v1/events", "/v1/parked", "/v1/alerts", "/v1/fulfillments", "/v1/wallets/u1/entries"}) {
    const Reply first = get(std::string(list) + "?limit=1");
    ASSERT_EQ(first.data().size(), 1U) << list;
    const Reply second = get(std::string(list) + "?limit=1&cursor=" + text_of(first["next_cursor"]));
    ASSERT_EQ(second.data().size(), 1U) << list;
    EXPECT_NE(json::canonical(first.data()), json::canonical(second.data())) << list;
  }
}

TEST_F(AdminLists, EachBadParameterIsNamed) {
  const auto refused = [&](const std::string& query, const std::string& field) {
    const Reply reply = get("/v1/events?" + query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_FALSE(text_of(reply.fields()[field]).empty()) << query;
  };
  for (const char* limit : {"0", "501", "-1", "1.5", "x", "", "99999999999999999999", "%2B5", "5%20"})
    refused("limit=" + std::string(limit), "/limit");
  for (const char* since : {"yesterday", "2025-02-30T00:00:00Z", "2025-07-25", "0"})
    refused("since=" + std::string(since), "/since");
  refused("until=never", "/until");
  refused("outcome=Applied", "/outcome");
  refused("type=", "/type");
  refused("type=a&type=b", "/type");
  refused("ouctome=parked", "/ouctome");
  refused("a%2Fb~=1", "/a~1b~0");
  const Reply all = get("/v1/events?limit=0&since=x&until=x&outcome=x&cursor=x&what=x");
  EXPECT_EQ(all.fields().size(), 6U);
}

TEST_F(AdminLists, ParametersThatAResourceDoesNotHaveAreRefused) {
  apply_examples();
  for (const char* target :
       {"/v1/payments/cs_1?limit=1", "/v1/wallets/u1?x=1", "/v1/ledger/check?x=1",
        "/v1/subscriptions/sub_1?x=1", "/v1/profiles/u1?x=1", "/v1/accounts/acct_1?x=1",
        "/v1/payouts/po_1?x=1", "/v1/session-payments/sp_1?x=1", "/v1/events/stripe:evt_course?x=1",
        "/v1/pools?x=1", "/v1/alerts?x=1", "/v1/parked?outcome=applied", "/v1/fulfillments?paiment=cs_1",
        "/v1/wallets/u1/entries?x=1"})
    EXPECT_EQ(get(target).status, 400) << target;
}

TEST_F(AdminLists, ACursorThatWasNotGivenForThisListIsRefused) {
  for (int i = 0; i < 3; ++i) add_event(i, clock_.now());
  const std::string cursor = text_of(get("/v1/events?limit=1")["next_cursor"]);
  ASSERT_EQ(get("/v1/events?cursor=" + cursor).status, 200);
  EXPECT_EQ(get("/v1/parked?cursor=" + cursor).status, 400);
  for (const std::string& bad : {std::string("AAAA"), cursor + "!", cursor + "=", cursor.substr(1),
                                 std::string("%20"), std::string("ZXZlbnRzIDEgAA")}) {
    const Reply reply = get("/v1/events?cursor=" + bad);
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_FALSE(text_of(reply.fields()["/cursor"]).empty()) << bad;
  }
}

}  // namespace
}  // namespace penstock
