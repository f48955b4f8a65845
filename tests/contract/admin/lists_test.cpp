// Pages, cursors and what is wrong with a query.
#include <algorithm>
#include <atomic>
#include <set>

#include "tests/contract/admin/admin_fixture.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {
namespace {

// Counts the rows that lists look at.
class CountingStore final : public Store {
 public:
  explicit CountingStore(Store& store) : store_(store) {}

  // Since it was asked last.
  std::size_t rows_looked_at() { return rows_.exchange(0); }

  Result<std::vector<Row>> list(const Table& table, const ListQuery& query) override {
    auto rows = store_.list(table, query);
    if (rows) rows_ += rows.value().size();
    return rows;
  }
  Result<std::vector<std::vector<Row>>> lists(const Table& table,
                                              std::span<const ListQuery> queries) override {
    return store_.lists(table, queries);
  }
  Result<std::vector<std::string>> key_scopes(const Table& table, std::size_t limit) override {
    return store_.key_scopes(table, limit);
  }
  Result<std::vector<Row>> read(const Table& table, std::span<const std::string> keys) override {
    return store_.read(table, keys);
  }
  Result<std::unique_ptr<StoreBatch>> begin() override { return store_.begin(); }
  Result<std::string> id() override { return store_.id(); }
  Status ready() override { return store_.ready(); }

 private:
  Store& store_;
  std::atomic<std::size_t> rows_{0};
};

class AdminLists : public AdminTest, public ::testing::WithParamInterface<std::string> {
 protected:
  AdminLists() : AdminTest(GetParam()) {}

  InboxRow make_event(int number, Timestamp received_at) {
    InboxRow row;
    row.key = {"stripe:evt_" + std::to_string(number)};
    row.type = "payout.paid";
    row.source = "stripe";
    row.topic = "payouts";
    row.received_at = row.event_created = received_at;
    return row;
  }
  void add_event(int number, Timestamp received_at) { write(make_event(number, received_at)); }

  void add_events(const std::vector<InboxRow>& events) {
    TableRows rows{&table_of<InboxRow>(), {}};
    for (const auto& event : events)
      rows.rows.push_back({to_cells(event), 0, {event.received_at, event.received_at, event.key.value}});
    auto batch = store_->begin();
    ASSERT_TRUE(batch);
    ASSERT_TRUE(batch.value()->commit(std::vector{rows}));
  }

  // The keys of all pages, however short, and how many pages there were.
  std::pair<std::vector<std::string>, int> follow(const std::string& list);
};

std::vector<std::string> keys_of(const Reply& page) {
  std::vector<std::string> keys;
  const auto data = page.data();
  for (auto each = data.first(); !each.absent(); each = data.next(each)) keys.push_back(text_of(each["key"]));
  return keys;
}

std::pair<std::vector<std::string>, int> AdminLists::follow(const std::string& list) {
  std::vector<std::string> keys;
  std::string cursor;
  for (int pages = 1; pages < 100; ++pages) {
    const Reply reply = get(list + "&cursor=" + cursor);
    EXPECT_EQ(reply.status, 200) << list;
    for (auto& key : keys_of(reply)) keys.push_back(std::move(key));
    if (!reply["next_cursor"].is_string()) return {keys, pages};
    cursor = text_of(reply["next_cursor"]);
  }
  ADD_FAILURE() << list << " has no end";
  return {};
}

PENSTOCK_EVERY_STORE(AdminLists);

// Three of each millisecond, so that the pages end within one.
TEST_P(AdminLists, PagesMissAndRepeatNothingWhileRowsAreAdded) {
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

TEST_P(AdminLists, AscendingPagesAreTheDescendingOnesBackwards) {
  for (int i = 0; i < 20; ++i) add_event(i, clock_.now() + Milliseconds{i / 3});
  auto newest_first = follow("/v1/events?limit=3").first;
  const auto oldest_first = follow("/v1/events?limit=3&order=asc").first;
  EXPECT_EQ(newest_first.size(), 20U);
  EXPECT_EQ(follow("/v1/events?limit=3&order=desc").first, newest_first);
  std::reverse(newest_first.begin(), newest_first.end());
  EXPECT_EQ(oldest_first, newest_first);
}

TEST_P(AdminLists, AnEmptyCursorIsNone) {
  for (int i = 0; i < 3; ++i) add_event(i, clock_.now());
  EXPECT_EQ(get("/v1/events?cursor=").data().size(), 3U);
  EXPECT_EQ(get("/v1/events?cursor=&cursor=").status, 400);
}

TEST_P(AdminLists, TheLastPageHasNoCursor) {
  for (int i = 0; i < 4; ++i) add_event(i, clock_.now());
  EXPECT_TRUE(get("/v1/events?limit=4")["next_cursor"].is_null());
  EXPECT_TRUE(get("/v1/events")["next_cursor"].is_null());
  EXPECT_FALSE(get("/v1/events?limit=3")["next_cursor"].is_null());
}

TEST_P(AdminLists, APageHasFiftyRowsUnlessToldOtherwise) {
  for (int i = 0; i < 51; ++i) add_event(i, clock_.now());
  EXPECT_EQ(get("/v1/events").data().size(), 50U);
  EXPECT_EQ(get("/v1/events?limit=500").data().size(), 51U);
  EXPECT_EQ(get("/v1/events?limit=1").data().size(), 1U);
}

TEST_P(AdminLists, EveryListPages) {
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
    const Reply all = get(std::string(list));
    auto last = all.data().first();
    for (auto each = last; !each.absent(); each = all.data().next(each)) last = each;
    EXPECT_EQ(json::canonical(get(std::string(list) + "?limit=1&order=asc").data().first()),
              json::canonical(last))
        << list;
  }
}

// Every kind of filter finds what it should among rows of which most have the common values.
TEST_P(AdminLists, FiltersOfEventsHoldTogether) {
  std::vector<InboxRow> events;
  for (int i = 0; i < 300; ++i) {
    InboxRow row = make_event(i, clock_.now() + Milliseconds{i / 3});
    row.type = i % 7 == 0 ? "charge.refunded" : "payment_intent.succeeded";
    row.source = i % 5 == 0 ? "partner/acme" : "stripe";
    row.outcome = i % 3 == 0 ? Outcome::stale : Outcome::applied;
    row.entity = i % 2 == 0 ? "pi_even" : "pi_odd";
    events.push_back(row);
  }
  add_events(events);
  for (int wanted = 0; wanted < 16; ++wanted)
    for (const bool common : {false, true})
      for (const std::string order : {"asc", "desc"}) {
        std::string query = "/v1/events?limit=50&order=" + order;
        if (wanted & 1) query += common ? "&type=payment_intent.succeeded" : "&type=charge.refunded";
        if (wanted & 2) query += common ? "&source=stripe" : "&source=partner/acme";
        if (wanted & 4) query += common ? "&outcome=applied" : "&outcome=stale";
        if (wanted & 8) query += common ? "&entity=pi_even" : "&entity=pi_odd";
        query += "&since=" + to_rfc3339(clock_.now() + Milliseconds{4});
        query += "&until=" + to_rfc3339(clock_.now() + Milliseconds{95});
        std::vector<std::string> expected;
        for (int i = 12; i < 285; ++i)
          if ((!(wanted & 1) || (i % 7 != 0) == common) && (!(wanted & 2) || (i % 5 != 0) == common) &&
              (!(wanted & 4) || (i % 3 != 0) == common) && (!(wanted & 8) || (i % 2 == 0) == common))
            expected.push_back(events[static_cast<std::size_t>(i)].key.value);
        auto found = follow(query).first;
        std::sort(expected.begin(), expected.end());
        std::sort(found.begin(), found.end());
        EXPECT_EQ(found, expected) << query;
      }
}

// Of many events that each filter alone lets pass, few pass both.
TEST_P(AdminLists, ARequestLooksAtABoundedNumberOfRowsAndItsCursorLeadsOn) {
  std::vector<InboxRow> events;
  for (int i = 0; i < 9'000; ++i) {
    InboxRow row = make_event(i, clock_.now() + Milliseconds{i});
    row.outcome = i % 2 == 0 ? Outcome::stale : Outcome::ignored;
    row.type = i % 2 == 0 ? "invoice.paid" : "payout.paid";
    row.entity = "po_1";
    if (i == 10 || i == 8'990) row.outcome = Outcome::ignored;
    events.push_back(row);
  }
  add_events(events);
  CountingStore counting(*store_);
  serve(default_options(), &counting);
  for (const std::string filter :
       {"type=invoice.paid&outcome=ignored", "entity=po_1&type=invoice.paid&outcome=ignored"}) {
    const auto [found, pages] = follow("/v1/events?" + filter);
    EXPECT_EQ(found, (std::vector<std::string>{"stripe:evt_8990", "stripe:evt_10"})) << filter;
    EXPECT_GT(pages, 1) << filter;
    EXPECT_LE(counting.rows_looked_at(), static_cast<std::size_t>(pages) * 6'000) << filter;
  }
}

// A rare value leads to its own rows alone, and of two to those of the rarer one.
TEST_P(AdminLists, ARareValueCostsItsOwnRowsOnly) {
  std::vector<InboxRow> events;
  for (int i = 0; i < 9'000; ++i) {
    InboxRow row = make_event(i, clock_.now() + Milliseconds{i});
    row.type = "payment_intent.succeeded";
    if (i < 3) row.type = "charge.dispute.created";
    if (i == 1 || i == 500) row.outcome = Outcome::parked;
    if (i == 1 || i == 700) row.source = "partner/acme";
    if (row.outcome == Outcome::parked) row.reason = "not_json";
    events.push_back(row);
  }
  add_events(events);
  CountingStore counting(*store_);
  serve(default_options(), &counting);
  const std::pair<std::string, std::size_t> cases[] = {
      {"/v1/events?type=charge.dispute.created", 3},
      {"/v1/events?source=partner/acme", 2},
      {"/v1/events?outcome=parked", 2},
      {"/v1/events?type=charge.dispute.created&outcome=applied", 2},
      {"/v1/events?type=nosuch", 0},
      {"/v1/events?source=nosuch", 0},
      {"/v1/events?outcome=unroutable", 0},
      {"/v1/events?outcome=parked&source=partner/acme", 1},
      {"/v1/parked", 2},
      {"/v1/parked?reason=not_json", 2},
      {"/v1/parked?reason=nosuch", 0},
      {"/v1/parked?type=nosuch", 0},
      {"/v1/parked?type=charge.dispute.created", 1}};
  for (const auto& [list, count] : cases) {
    const Reply reply = get(list);
    EXPECT_EQ(reply.data().size(), count) << list;
    EXPECT_TRUE(reply["next_cursor"].is_null()) << list;
    EXPECT_LE(counting.rows_looked_at(), 5U) << list;
  }
}

TEST_P(AdminLists, EachBadParameterIsNamed) {
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
  for (const char* order : {"ASC", "newest", "", "asc&order=asc"})
    refused("order=" + std::string(order), "/order");
  refused("type=", "/type");
  refused("type=a&type=b", "/type");
  refused("ouctome=parked", "/ouctome");
  refused("a%2Fb~=1", "/a~1b~0");
  const Reply all = get("/v1/events?limit=0&since=x&until=x&outcome=x&cursor=x&what=x");
  EXPECT_EQ(all.fields().size(), 6U);
}

TEST_P(AdminLists, ParametersThatAResourceDoesNotHaveAreRefused) {
  apply_examples();
  for (const char* target :
       {"/v1/payments/cs_1?limit=1", "/v1/wallets/u1?x=1", "/v1/ledger/check?x=1",
        "/v1/subscriptions/sub_1?x=1", "/v1/profiles/u1?x=1", "/v1/accounts/acct_1?x=1",
        "/v1/payouts/po_1?x=1", "/v1/session-payments/sp_1?x=1", "/v1/events/stripe:evt_course?x=1",
        "/v1/pools?x=1", "/v1/alerts?x=1", "/v1/parked?outcome=applied", "/v1/fulfillments?paiment=cs_1",
        "/v1/wallets/u1/entries?x=1"})
    EXPECT_EQ(get(target).status, 400) << target;
}

TEST_P(AdminLists, ACursorThatWasNotGivenForThisListIsRefused) {
  for (int i = 0; i < 3; ++i) add_event(i, clock_.now());
  const std::string cursor = text_of(get("/v1/events?limit=1")["next_cursor"]);
  ASSERT_EQ(get("/v1/events?cursor=" + cursor).status, 200);
  EXPECT_EQ(get("/v1/parked?cursor=" + cursor).status, 400);
  EXPECT_EQ(get("/v1/events?order=desc&cursor=" + cursor).status, 200);
  EXPECT_EQ(get("/v1/events?order=asc&cursor=" + cursor).status, 400);
  for (const std::string& bad : {std::string("AAAA"), cursor + "!", cursor + "=", cursor.substr(1),
                                 std::string("%20"), std::string("ZXZlbnRzIDEgAA")}) {
    const Reply reply = get("/v1/events?cursor=" + bad);
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_FALSE(text_of(reply.fields()["/cursor"]).empty()) << bad;
  }
}

}  // namespace
}  // namespace penstock
