// Where outbound events go, how that went, and the feed, as platform engineers see them.
#include <gmock/gmock.h>

#include <future>

#include "ingress/admin/api/feed_watch.h"
#include "tests/contract/admin/admin_fixture.h"
#include "workers/deliveries/publish.h"
#include "workers/deliveries/queue_again.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class AdminWebhooks : public AdminTest {
 protected:
  // What a worker has told, and the pool has published.
  void publish(const std::string& id, const std::string& type = "payment.paid",
               const std::string& org = "default") {
    write(OutboxRow{id, type, org, {"stripe:evt_test"}, R"({"n":1})", {}, {}});
    publish_all();
  }
  void publish_all() { ASSERT_TRUE(publish_events(*store_, table_.current(), clock_)); }
  static std::vector<std::string> ids(const Reply& reply) {
    std::vector<std::string> ids;
    for (auto each = reply.data().first(); !each.absent(); each = reply.data().next(each))
      ids.push_back(text_of(each["id"]));
    return ids;
  }
  std::string make_key(const std::string& scope, const std::string& org = "default") {
    return text_of(send("POST", "/v1/api-keys",
                        R"({"name":"k","scopes":[")" + scope + R"("],"org":")" + org + R"("})")["key"]);
  }
  static std::string config(const std::string& url, const std::string& more = "") {
    return R"({"id":"main","event_types":["payment.*"],"url":")" + url + "\"" + more + "}";
  }
};

TEST_F(AdminWebhooks, ASecretIsShownOnceAndStaysUntilAnotherIsGiven) {
  serve();
  const Reply made = put("/webhooks/configs", config("https://receiver.example/hook"));
  ASSERT_EQ(made.status, 200);
  EXPECT_THAT(text_of(made["secret"]), ::testing::StartsWith("whsec_"));
  EXPECT_EQ(made["concurrency"].integer(), 8);
  EXPECT_TRUE(made["rate"].is_null());
  const Reply changed = put("/webhooks/configs", config("https://receiver.example/other", R"(,"rate":5)"));
  EXPECT_TRUE(changed["secret"].absent());
  EXPECT_EQ(changed["rate"].integer(), 5);
  EXPECT_EQ(text_of(changed["created_at"]), text_of(made["created_at"]));
  const Reply listed = get("/webhooks/configs");
  EXPECT_THAT(ids(listed), ElementsAre("main"));
  EXPECT_TRUE(get("/webhooks/configs/main")["secret"].absent());
  EXPECT_EQ(send("DELETE", "/webhooks/configs/main").status, 204);
  EXPECT_EQ(get("/webhooks/configs/main").status, 404);
  EXPECT_EQ(send("DELETE", "/webhooks/configs/main").status, 404);
}

TEST_F(AdminWebhooks, TheSameSecretGivenAgainLeavesTheOneBeforeBesideIt) {
  serve();
  put("/webhooks/configs", config("https://receiver.example/", R"(,"secret":"the first of 16 bytes")"));
  const auto secrets = [&] {
    const auto* configs = table_.current().find<registry::WebhookConfigs>("default");
    std::vector<std::string> all;
    for (const auto& each : configs->value->all.front().secrets) all.push_back(each.secret);
    return all;
  };
  for (int times = 0; times < 2; ++times) {
    put("/webhooks/configs", config("https://receiver.example/", R"(,"secret":"the second of 16 bytes")"));
    EXPECT_THAT(secrets(), ElementsAre("the second of 16 bytes", "the first of 16 bytes")) << times;
  }
}

TEST_F(AdminWebhooks, WhatAnOrgHasOfConfigsFitsIntoARecord) {
  serve();
  std::string types;
  for (int n = 0; n < 12; ++n)
    types.append(n == 0 ? "\"" : ",\"").append(std::string(110, 'a')).append(std::to_string(n)).append("\"");
  const auto put_large = [&](int number, char secret) {
    std::string body = R"({"id":"c)" + std::to_string(number) + R"(","event_types":[)" + types;
    body.append(R"(],"secret":")").append(500, secret);
    return put("/webhooks/configs",
               body.append(R"(","url":"https://receiver.example/)").append(1'900, 'p') + "\"}");
  };
  int made = 0;
  Reply last = put_large(made, 'a');
  for (; made < 100 && last.status == 200; last = put_large(++made, 'a'))
    if (last = put_large(made, 'b'); last.status != 200) break;
  EXPECT_GT(made, 50);
  EXPECT_EQ(last.status, 400);
  EXPECT_THAT(json::canonical(last.fields()), HasSubstr("KiB together"));
  EXPECT_LE(get("/webhooks/configs?limit=500").data().size(), static_cast<std::size_t>(made) + 1);
  EXPECT_EQ(send("DELETE", "/webhooks/configs/c0").status, 204);
  EXPECT_EQ(put("/webhooks/configs", config("https://receiver.example/")).status, 200);
}

TEST_F(AdminWebhooks, WhatMakesNoSenseIsNamed) {
  serve();
  const auto field_of = [&](const std::string& body) {
    const Reply reply = put("/webhooks/configs", body);
    EXPECT_EQ(reply.status, 400) << body;
    return json::canonical(reply.fields());
  };
  EXPECT_THAT(field_of(R"({})"), ::testing::AllOf(HasSubstr("/url"), HasSubstr("/event_types")));
  EXPECT_THAT(field_of(config("https://receiver.example/", R"(,"secret":"short")")), HasSubstr("/secret"));
  EXPECT_THAT(field_of(config("https://receiver.example/", R"(,"concurrency":0)")),
              HasSubstr("/concurrency"));
  EXPECT_THAT(field_of(config("https://receiver.example/", R"(,"rate":10001)")), HasSubstr("/rate"));
  EXPECT_THAT(field_of(config("https://receiver.example/", R"(,"retries":3)")), HasSubstr("/retries"));
  EXPECT_THAT(field_of(R"({"id":"Main","url":"https://receiver.example/","event_types":["*"]})"),
              HasSubstr("/id"));
  EXPECT_THAT(field_of(R"({"url":"https://receiver.example/","event_types":["payment*"]})"),
              HasSubstr("/event_types"));
  EXPECT_THAT(field_of(R"({"url":"https://receiver.example/","event_types":[]})"), HasSubstr("/event_types"));
}

TEST_F(AdminWebhooks, AUrlThatNothingMayBeSentToIsRefused) {
  serve();
  for (const char* url :
       {"http://receiver.example/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://0x7f.1/", "https://2130706433/",
        "https://user:secret@receiver.example/", "https://receiver.example/#part", "ftp://receiver.example/",
        "https://203.0.113.7/", "https://100.64.0.1/", "https://1.1.1.1:22/", "receiver.example", ""}) {
    const Reply reply = put("/webhooks/configs", config(url));
    EXPECT_EQ(reply.status, 400) << url;
    EXPECT_FALSE(reply.fields()["/url"].absent()) << url;
    EXPECT_EQ(put("/v1/apps/shop", std::string(R"({"url":")") + url + "\"}").status, 400) << url;
  }
  for (const char* url : {"https://receiver.example/", "https://receiver.example:8443/hook?a=1",
                          "https://1.1.1.1/", "https://[2606:4700::1111]/"})
    EXPECT_EQ(put("/webhooks/configs", config(url)).status, 200) << url;
}

TEST_F(AdminWebhooks, WhereAnAddressIsAllowedItMayBeGiven) {
  AdminOptions options = default_options();
  options.allow_hosts = {{IpAddress(IpAddress::V4Bytes{127, 0, 0, 1}), 32}};
  serve(options);
  EXPECT_EQ(put("/webhooks/configs", config("http://127.0.0.1:9000/")).status, 200);
  EXPECT_EQ(put("/webhooks/configs", config("http://localhost:9000/")).status, 200);
  EXPECT_EQ(put("/webhooks/configs", config("http://receiver.internal/")).status, 200)
      << "where it leads is seen later";
  EXPECT_EQ(put("/webhooks/configs", config("http://127.0.0.2:9000/")).status, 400);
}

TEST_F(AdminWebhooks, AKeyMayDoWhatItsScopeSaysInItsOrgAlone) {
  serve();
  const std::string manages = make_key("webhooks:manage", "acme"), reads = make_key("admin:read", "acme");
  const auto status = [&](const std::string& key, const std::string& method, const std::string& target,
                          const std::string& body = {}) { return send(method, target, body, key).status; };
  EXPECT_EQ(status(manages, "PUT", "/webhooks/configs", config("https://receiver.example/")), 200);
  EXPECT_EQ(status(reads, "PUT", "/webhooks/configs", config("https://receiver.example/")), 403);
  for (const auto& key : {manages, reads}) {
    EXPECT_EQ(status(key, "GET", "/webhooks/configs/main"), 200);
    EXPECT_EQ(status(key, "GET", "/webhooks/logs"), 200);
    EXPECT_EQ(status(key, "GET", "/v1/feed"), 200);
    EXPECT_EQ(status(key, "GET", "/v1/feed?org=default"), 403);
  }
  EXPECT_EQ(get("/webhooks/configs/main").status, 404) << "of the default org";
  EXPECT_EQ(get("/webhooks/configs/main?org=acme").status, 200);
  EXPECT_EQ(status(reads, "POST", "/webhooks/configs/main/test"), 403);
  EXPECT_EQ(status(make_key("reports:write", "acme"), "GET", "/v1/feed"), 403);
}

TEST_F(AdminWebhooks, TheFeedIsReadToItsEndAndGoesOnThere) {
  serve();
  for (const char* id : {"e3", "e1", "e2"}) publish(id);
  publish("other", "payment.paid", "acme");
  const Reply first = get("/v1/feed?limit=2");
  ASSERT_EQ(first.status, 200);
  EXPECT_THAT(ids(first), ElementsAre("e3", "e1"));
  const auto envelope = first.data().first();
  EXPECT_EQ(text_of(envelope["type"]), "payment.paid");
  EXPECT_EQ(envelope["data"]["n"].integer(), 1);
  EXPECT_EQ(text_of(envelope["timestamp"]), to_rfc3339(clock_.now()));
  const Reply second = get("/v1/feed?after=" + text_of(first["next_after"]));
  EXPECT_THAT(ids(second), ElementsAre("e2"));
  const Reply third = get("/v1/feed?after=" + text_of(second["next_after"]));
  EXPECT_THAT(ids(third), IsEmpty());
  EXPECT_EQ(text_of(third["next_after"]), text_of(second["next_after"]));
  publish("e0");
  EXPECT_THAT(ids(get("/v1/feed?after=" + text_of(third["next_after"]))), ElementsAre("e0"));
  EXPECT_THAT(ids(get("/v1/feed?after=")), ElementsAre("e3", "e1", "e2", "e0"));
  EXPECT_THAT(ids(get("/v1/feed?org=acme")), ElementsAre("other"));
}

TEST_F(AdminWebhooks, TheFeedPassesOverTypesThatAreNotAskedFor) {
  serve();
  for (int n = 0; n < 250; ++n)
    write(OutboxRow{
        "p" + std::to_string(1000 + n), "payout.paid", "default", {"stripe:evt_test"}, "{}", {}, {}});
  publish_all();
  const Reply none = get("/v1/feed?types=payment.*,run.started");
  EXPECT_THAT(ids(none), IsEmpty());
  publish("e1");
  EXPECT_THAT(ids(get("/v1/feed?types=payment.*&after=" + text_of(none["next_after"]))), ElementsAre("e1"));
  EXPECT_THAT(ids(get("/v1/feed?types=payment.*")), ElementsAre("e1"));
  EXPECT_THAT(ids(get("/v1/feed?types=payout.paid&limit=500")), SizeIs(250));
}

TEST_F(AdminWebhooks, AReaderOfTheFeedWaitsForTheNextEventOfItsTypes) {
  serve();
  publish("e1");
  const std::string after = "&after=" + text_of(get("/v1/feed")["next_after"]);
  auto waiting =
      std::async(std::launch::async, [&] { return get("/v1/feed?wait=60s&types=payment.*" + after); });
  auto other = std::async(std::launch::async, [&] { return get("/v1/feed?wait=1m&org=acme"); });
  publish("e2", "payout.paid");
  publish("e3");
  const Reply reply = waiting.get();
  EXPECT_THAT(ids(reply), ElementsAre("e3"));
  publish("e4", "payment.paid", "acme");
  EXPECT_THAT(ids(other.get()), ElementsAre("e4"));
}

TEST_F(AdminWebhooks, AReaderOfTheFeedLeavesRoomForOthersToWait) {
  admin::FeedWatch watch(*store_, clock_, [](const auto&) { return true; });
  const auto wait = [&](const std::string& reader) {
    return watch.wait({reader, {}, 0, clock_.uptime() + std::chrono::seconds{60}, [] {}});
  };
  int waiting = 0;
  while (waiting < 1'000 && wait("acme")) ++waiting;
  EXPECT_EQ(waiting, 128);
  EXPECT_TRUE(wait("other"));
  EXPECT_FALSE(wait("acme"));
  for (int n = 0; n < 1'000; ++n) (void)wait("other");
  EXPECT_TRUE(wait("third"));
}

TEST_F(AdminWebhooks, AReaderOfTheFeedWaitsNoLongerThanItSaid) {
  serve();
  auto waiting = std::async(std::launch::async, [&] { return get("/v1/feed?wait=500ms"); });
  while (waiting.wait_for(Milliseconds{5}) != std::future_status::ready) clock_.advance(Milliseconds{100});
  const Reply reply = waiting.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(ids(reply), IsEmpty());
  EXPECT_FALSE(reply["next_after"].absent());
}

TEST_F(AdminWebhooks, NobodyWaitsForAnApiThatEnds) {
  serve();
  auto waiting = std::async(std::launch::async, [&] { return get("/v1/feed?wait=60s"); });
  api_->end_waits();
  EXPECT_EQ(waiting.get().status, 200);
  EXPECT_EQ(get("/v1/feed?wait=60s").status, 200);
}

TEST_F(AdminWebhooks, WhatMakesNoSenseOfTheFeedIsNamed) {
  serve();
  for (const char* query :
       {"after=nonsense", "after=e30", "limit=0", "limit=501", "wait=61s", "wait=30", "wait=-1s",
        "wait=", "types=payment*", "types=", "types=a,,b", "cursor=x", "order=asc"}) {
    const Reply reply = get(std::string("/v1/feed?") + query);
    EXPECT_EQ(reply.status, 400) << query;
    const std::string name(std::string_view(query).substr(0, std::string_view(query).find('=')));
    EXPECT_THAT(json::canonical(reply.fields()), HasSubstr(name)) << query;
  }
}

TEST_F(AdminWebhooks, APageOfTheLogIsNoLargerThanAnAnswerMayBe) {
  serve();
  const std::string data = R"({"text":")" + std::string(200'000, 'x') + "\"}";
  std::vector<std::string> expected;
  for (int n = 0; n < 60; ++n) {
    const std::string number = std::to_string(100 + n);
    write(OutboxRow{"e" + number, "payment.paid", "default", {"stripe:evt_test"}, data, {}, {}});
    write(DeliveryAttempt{.id = "a" + number,
                          .delivery = "d",
                          .endpoint = "config/default/main",
                          .org = "default",
                          .event = "e" + number,
                          .type = "payment.paid"});
    expected.insert(expected.begin(), "a" + number);
  }
  std::vector<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const Reply page = get("/webhooks/logs?limit=500&cursor=" + cursor);
    ASSERT_EQ(page.status, 200);
    for (auto& id : ids(page)) seen.push_back(id);
    for (auto each = page.data().first(); !each.absent(); each = page.data().next(each))
      EXPECT_GT(text_of(each["request_body"]).size(), 200'000U);
    cursor = text_of(page["next_cursor"]);
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(pages, 3) << "of some 21 bodies each";
}

TEST_F(AdminWebhooks, WhatHasFailedSinceThenIsQueuedAgain) {
  serve();
  put("/webhooks/configs", config("https://receiver.example/"));
  const Timestamp early = clock_.now();
  const auto fail = [&](const std::string& id, Timestamp at) {
    write(Delivery{.id = id,
                   .endpoint = "config/default/main",
                   .org = "default",
                   .event = "e",
                   .type = "t.t",
                   .status = DeliveryStatus::failed,
                   .attempts = 10,
                   .failed_at = at});
  };
  fail("1", early);
  clock_.advance(std::chrono::hours{1});
  fail("2", clock_.now());
  fail("3", clock_.now());
  write(DeliveryEndpoint{
      .id = "config/default/main", .failures = 7, .open_until = clock_.now() + std::chrono::minutes{4}});
  const auto recover = [&](const std::string& body) {
    return send("POST", "/webhooks/configs/main/recover", body);
  };
  EXPECT_EQ(recover(R"({})").status, 400);
  EXPECT_EQ(recover(R"({"since":"yesterday"})").status, 400);
  EXPECT_EQ(send("POST", "/webhooks/configs/other/recover", R"({"since":"2020-01-01T00:00:00Z"})").status,
            404);
  const Reply recovered = recover(R"({"since":")" + to_rfc3339(early + Milliseconds{1}) + "\"}");
  EXPECT_EQ(recovered.status, 202);
  EXPECT_EQ(recovered["queued"].integer(), 2);
  EXPECT_EQ(recovered["more"].boolean(), false);
  const std::vector<std::string> keys{"1", "2"}, endpoint{"config/default/main"};
  const auto rows = store_->read(table_of<Delivery>(), keys).value();
  for (const auto& row : rows) {
    const auto delivery = from_row<Delivery>(row).value();
    EXPECT_EQ(delivery.status, delivery.id == "1" ? DeliveryStatus::failed : DeliveryStatus::pending);
    EXPECT_EQ(delivery.attempts_before, delivery.id == "1" ? 0 : 10) << "all its attempts are before it";
  }
  const auto woken =
      from_row<DeliveryEndpoint>(store_->read(table_of<DeliveryEndpoint>(), endpoint).value().at(0)).value();
  EXPECT_EQ(woken.due_at, clock_.now()) << "and is not left alone any longer";
  EXPECT_EQ(woken.failures, 0);
}

}  // namespace
}  // namespace penstock
