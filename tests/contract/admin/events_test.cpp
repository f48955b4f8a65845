// Events, their records in the log, and those that were parked.
#include "common/crypto/crypto.h"
#include "tests/contract/admin/admin_fixture.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {
namespace {

TEST_F(AdminTest, AnEventShowsItsRawBodyAndHeadersAndWhatFollowed) {
  const std::string body = testing::event_body(
      {.type = "payout.paid",
       .object =
           "{ \"id\":\"po_1\", \"object\":\"payout\",\"status\":\"paid\",\"amount\":1,\"currency\":\"eur\"}",
       .id = "evt_1"});
  const Position position = apply_body(body);
  const Reply event = get("/v1/events/stripe:evt_1");
  ASSERT_EQ(event.status, 200);
  EXPECT_EQ(text_of(event["key"]), "stripe:evt_1");
  EXPECT_EQ(text_of(event["type"]), "payout.paid");
  EXPECT_EQ(text_of(event["source"]), "stripe");
  EXPECT_EQ(text_of(event["outcome"]), "applied");
  EXPECT_EQ(text_of(event["topic"]), "payouts");
  EXPECT_EQ(event["partition"].integer(), position.partition.value);
  EXPECT_EQ(event["offset"].integer(), position.offset.value);
  EXPECT_EQ(text_of(event["entity"]), "po_1");
  EXPECT_EQ(text_of(event["body"]), body);
  EXPECT_EQ(text_of(event["headers"]["ce_id"]), "evt_1");
  EXPECT_EQ(text_of(event["headers"]["ce_specversion"]), "1.0");
  EXPECT_EQ(json::canonical(event["touched"]), R"([{"id":"po_1","resource":"payouts"}])");
  ASSERT_EQ(event["outbound"].size(), 1U);
  EXPECT_EQ(text_of(event["outbound"].first()["type"]), "payout.paid");
}

TEST_F(AdminTest, WhatAnEventTouchedCanBeFollowed) {
  apply_examples();
  for (const char* key :
       {"evt_course", "evt_refund", "evt_deposit", "evt_sub", "evt_account", "evt_payout"}) {
    const Reply event = get(std::string("/v1/events/stripe:") + key);
    const auto touched = event["touched"];
    EXPECT_GE(touched.size(), 1U) << key;
    for (auto each = touched.first(); !each.absent(); each = touched.next(each)) {
      const std::string resource = text_of(each["resource"]);
      if (resource == "alerts" || resource == "fulfillments") continue;  // lists
      EXPECT_EQ(get("/v1/" + resource + "/" + text_of(each["id"])).status, 200) << json::canonical(each);
    }
  }
  EXPECT_EQ(
      json::canonical(get("/v1/events/stripe:evt_deposit")["touched"]),
      R"([{"id":"cs_2","resource":"payments"},{"id":"pi_2","resource":"payments"},{"id":"u1","resource":"wallets"}])");
}

TEST_F(AdminTest, AnEventKeyIsPercentDecoded) {
  InboxRow row;
  row.key = {"partner/acme:e 17%"};
  row.type = "invoice.paid";
  row.source = "partner/acme";
  row.topic = "payments";
  row.received_at = clock_.now();
  write(row);
  EXPECT_EQ(text_of(get("/v1/events/partner%2Facme:e%2017%25")["key"]), "partner/acme:e 17%");
  EXPECT_EQ(text_of(get("/v1/events/partner%2facme%3Ae%2017%25")["key"]), "partner/acme:e 17%");
  EXPECT_EQ(get("/v1/events/partner/acme:e%2017%25").status, 404);
}

TEST_F(AdminTest, AnEventIsFoundByItsProvidersIdAlone) {
  InboxRow row;
  row.topic = "payments";
  row.received_at = row.event_created = clock_.now();
  for (const char* key :
       {"stripe:evt_1", "stripe:evt_2", "partner/acme:evt_2", "api/o:a:b", "org/o1:stripe:evt_1"}) {
    row.key = {key};
    write(row);
  }
  EXPECT_EQ(text_of(get("/v1/events/evt_1")["key"]), "stripe:evt_1");
  EXPECT_EQ(text_of(get("/v1/events/a:b")["key"]), "api/o:a:b");
  EXPECT_EQ(text_of(get("/v1/events/stripe:evt_1")["key"]), "stripe:evt_1") << "a key comes before an id";
  for (const char* none : {"evt_3", "vt_1", "b", "evt_", "%25"})
    EXPECT_EQ(get("/v1/events/" + std::string(none)).status, 404) << none;

  const Reply several = get("/v1/events/evt_2");
  EXPECT_EQ(several.status, 409);
  EXPECT_EQ(several.type(), "ambiguous");
  EXPECT_EQ(json::canonical(several["error"]["keys"]), R"(["partner/acme:evt_2","stripe:evt_2"])");
}

TEST_F(AdminTest, ABodyThatIsNoTextComesInBase64) {
  const std::string body = "\xFF\xFE{\"id\":1}";
  append(
      {"unrouted", "k", body, {{"ce_id", "odd"}, {"ce_type", "t"}, {"ce_source", "stripe"}, {"x", "\xFF"}}});
  InboxRow row;
  row.key = {"stripe:odd"};
  row.type = "t";
  row.source = "stripe";
  row.outcome = Outcome::parked;
  row.topic = "unrouted";
  row.received_at = clock_.now();
  for (int partition = 0; partition < 2; ++partition) {
    const Position at{"unrouted", Partition{partition}, Offset{0}};
    if (log_.log->read(at).value()) row.partition = partition;
  }
  write(row);
  const Reply event = get("/v1/events/stripe:odd");
  ASSERT_EQ(event.status, 200);
  EXPECT_TRUE(event["body"].is_null());
  EXPECT_EQ(text_of(event["body_base64"]), crypto::to_base64(body));
  EXPECT_EQ(json::canonical(event["headers"]), R"({"ce_id":"odd","ce_source":"stripe","ce_type":"t"})");
}

TEST_F(AdminTest, ARecordThatTheLogHasDroppedIsNull) {
  InboxRow row;
  row.key = {"stripe:evt_old"};
  row.type = "payout.paid";
  row.source = "stripe";
  row.topic = "payouts";
  row.offset = 12345;
  row.received_at = clock_.now();
  write(row);
  const Reply event = get("/v1/events/stripe:evt_old");
  ASSERT_EQ(event.status, 200);
  EXPECT_TRUE(event["body"].is_null());
  EXPECT_TRUE(event["headers"].is_null());
}

// The topic was made anew, and another event stands where this one stood.
TEST_F(AdminTest, AnotherEventsRecordIsNeverShown) {
  const Position position =
      apply({.type = "payout.paid", .object = R"({"id":"po_1","object":"payout","status":"paid"})"});
  InboxRow row;
  row.key = {"stripe:evt_other"};
  row.type = "payout.paid";
  row.source = "stripe";
  row.topic = position.topic;
  row.partition = position.partition.value;
  row.offset = position.offset.value;
  row.received_at = clock_.now();
  write(row);
  EXPECT_TRUE(get("/v1/events/stripe:evt_other")["body"].is_null());
}

TEST_F(AdminTest, EventsAreFilteredByEachParameter) {
  apply_examples();
  clock_.advance(std::chrono::seconds{10});
  const auto later = to_rfc3339(clock_.now());
  apply({.type = "payout.paid",
         .object = R"({"id":"po_2","object":"payout","status":"paid"})",
         .id = "evt_later"});
  const auto keys = [&](const std::string& query) {
    std::string found;
    const Reply reply = get("/v1/events?" + query);
    EXPECT_EQ(reply.status, 200) << query;
    const auto data = reply.data();
    for (auto each = data.first(); !each.absent(); each = data.next(each))
      found += text_of(each["key"]) + " ";
    return found;
  };
  EXPECT_EQ(keys("type=payout.paid"), "stripe:evt_later ");
  EXPECT_EQ(keys("entity=cs_1"), "stripe:evt_course ");
  EXPECT_EQ(keys("since=" + later), "stripe:evt_later ");
  EXPECT_EQ(get("/v1/events?until=" + later).data().size(), 6U);
  EXPECT_EQ(get("/v1/events?source=stripe&outcome=applied").data().size(), 7U);
  EXPECT_EQ(keys("source=org%2Fo1"), "");
  EXPECT_EQ(keys("outcome=parked"), "");
}

TEST_F(AdminTest, ParkedEventsSayWhy) {
  apply_body("this is no JSON");
  apply({.type = "payout.paid", .object = R"({"object":"payout"})", .id = "evt_shapeless"});
  const Reply parked = get("/v1/parked?reason=wrong_shape");
  ASSERT_EQ(parked.data().size(), 1U);
  const auto row = parked.data().first();
  EXPECT_EQ(text_of(row["key"]), "stripe:evt_shapeless");
  EXPECT_EQ(text_of(row["topic"]), "payouts");
  EXPECT_EQ(text_of(row["error_class"]), "wrong_shape");
  EXPECT_FALSE(text_of(row["message"]).empty());
  EXPECT_EQ(get("/v1/parked").data().size(), 2U);
  EXPECT_EQ(text_of(get("/v1/events/stripe:made-at-the-door")["reason"]), "not_json");
}

}  // namespace
}  // namespace penstock
