// What partners' events show, and that every read is about one org.
#include <set>

#include "common/core/org.h"
#include "tests/contract/admin/admin_fixture.h"

namespace penstock {
namespace {

class AdminOrgs : public AdminTest, public ::testing::WithParamInterface<std::string> {
 protected:
  AdminOrgs() : AdminTest(GetParam()) {}

  // Of each org its own under the same ids.
  void apply_of_orgs() {
    for (const std::string org : {"acme", "default", "globex"}) {
      const std::string user = R"("user_id":"u1",)";
      const auto say = [&](const std::string& type, const std::string& data) {
        apply({.type = type, .data = data, .org = org, .partner = org});
        clock_.advance(Milliseconds{10});
      };
      say("user.created", R"({"id":"u1","name":")" + org + "\"}");
      say("invoice.paid",
          R"({"id":"inv_1",)" + user + R"("subscription_id":"sub_1","amount":5,"currency":"usd"})");
      say("invoice.failed", R"({"id":"inv_2",)" + user + R"("amount":7,"currency":"usd"})");
      say("subscription.upgraded", R"({"id":"sub_1",)" + user + R"("plan":")" + org + "\"}");
      say("subscription.canceled", R"({"id":"sub_2",)" + user + R"("plan":")" + org + "\"}");
      say("user.deleted", R"({"id":"u2"})");
    }
  }

  std::set<std::string> ids(const std::string& target) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 200) << target;
    std::set<std::string> found;
    for (auto each = reply.data().first(); !each.absent(); each = reply.data().next(each))
      EXPECT_TRUE(found.insert(text_of(each["id"])).second) << target << " twice " << text_of(each["id"]);
    return found;
  }

  Reply get_of(const std::string& target, const std::string& org) {
    return ask(request("GET", target, authorization() + "X-Org-Id: " + org + "\r\n"));
  }
};

INSTANTIATE_TEST_SUITE_P(Stores, AdminOrgs, ::testing::Values("postgres", "sqlite"), adapter_name);

using Ids = std::set<std::string>;

TEST_P(AdminOrgs, EachReadShowsTheAskedOrgsRow) {
  apply_of_orgs();
  for (const std::string org : {"acme", "default", "globex"}) {
    const std::string query = "?org=" + org;
    const Reply user = get("/v1/users/u1" + query);
    ASSERT_EQ(user.status, 200);
    EXPECT_EQ(text_of(user["name"]), org);
    EXPECT_EQ(text_of(user["updated_by"]).substr(0, 9 + org.size()), "partner/" + org + ":");
    EXPECT_EQ(text_of(get("/v1/subscriptions/sub_1" + query)["plan"]), org);
    EXPECT_EQ(text_of(get("/v1/subscriptions/sub_1" + query)["last_payment"]), "paid");
    EXPECT_EQ(text_of(get("/v1/payments/inv_1" + query)["subscription"]), "sub_1");
    EXPECT_EQ(text_of(get_of("/v1/users/u1", org)["name"]), org) << "by the header";
  }
  EXPECT_EQ(text_of(get("/v1/users/u1")["name"]), "default");
  EXPECT_EQ(text_of(get("/v1/subscriptions/sub_1")["plan"]), "default");
  EXPECT_EQ(text_of(get("/v1/payments/inv_2")["status"]), "failed");
}

TEST_P(AdminOrgs, WhatAnotherOrgHasIsNotThere) {
  apply({.type = "user.created", .data = R"({"id":"u9"})"});
  apply({.type = "invoice.paid", .data = R"({"id":"inv_9","amount":5,"currency":"usd"})"});
  apply({.type = "subscription.upgraded", .data = R"({"id":"sub_9","plan":"gold"})"});
  apply_examples();
  apply({.type = "user.created", .data = R"({"id":"u1"})", .org = "default", .partner = "own"});
  for (const std::string path : {"/v1/users/u9", "/v1/payments/inv_9", "/v1/subscriptions/sub_9"}) {
    EXPECT_EQ(get(path + "?org=acme").status, 200) << path;
    for (const std::string query : {"", "?org=default", "?org=globex"})
      EXPECT_EQ(get(path + query).status, 404) << path << query;
  }
  for (const std::string path :
       {"/v1/users/u1", "/v1/payments/cs_1", "/v1/payments/ch_1", "/v1/subscriptions/sub_1"}) {
    EXPECT_EQ(get(path).status, 200) << path;
    EXPECT_EQ(get(path + "?org=acme").status, 404) << path;
  }
}

TEST_P(AdminOrgs, ListsAreOfOneOrgWhateverTheFilters) {
  apply_examples();
  apply_of_orgs();
  for (const std::string org : {"acme", "globex"}) {
    const auto of_org = [&](const std::string& target) {
      return ids(target + (target.find('?') == std::string::npos ? "?org=" : "&org=") + org);
    };
    EXPECT_EQ(of_org("/v1/payments"), (Ids{"inv_1", "inv_2"}));
    EXPECT_EQ(of_org("/v1/payments?user=u1"), (Ids{"inv_1", "inv_2"}));
    EXPECT_EQ(of_org("/v1/payments?status=paid"), (Ids{"inv_1"}));
    EXPECT_EQ(of_org("/v1/payments?status=failed"), (Ids{"inv_2"}));
    EXPECT_EQ(of_org("/v1/payments?status=refunded"), Ids{});
    EXPECT_EQ(of_org("/v1/payments?status=partially_refunded"), Ids{});
    EXPECT_EQ(of_org("/v1/payments?customer=cus_1"), Ids{});
    EXPECT_EQ(of_org("/v1/payments?account=acct_1"), Ids{});
    EXPECT_EQ(of_org("/v1/payments?livemode=false"), Ids{});
    EXPECT_EQ(of_org("/v1/subscriptions"), (Ids{"sub_1", "sub_2"}));
    EXPECT_EQ(of_org("/v1/subscriptions?user=u1"), (Ids{"sub_1", "sub_2"}));
    EXPECT_EQ(of_org("/v1/subscriptions?status=canceled"), (Ids{"sub_2"}));
    EXPECT_EQ(of_org("/v1/subscriptions?customer=cus_1"), Ids{});
    EXPECT_EQ(of_org("/v1/users"), (Ids{"u1", "u2"}));
    EXPECT_EQ(of_org("/v1/users?status=deleted"), (Ids{"u2"}));
    EXPECT_EQ(of_org("/v1/users?status=active"), (Ids{"u1"}));
  }
  EXPECT_EQ(ids("/v1/payments"), (Ids{"cs_1", "cs_2", "inv_1", "inv_2"}));
  EXPECT_EQ(ids("/v1/payments?user=u1"), (Ids{"cs_1", "cs_2", "inv_1", "inv_2"}));
  EXPECT_EQ(ids("/v1/payments?status=paid"), (Ids{"cs_2", "inv_1"}));
  EXPECT_EQ(ids("/v1/payments?status=failed"), (Ids{"inv_2"}));
  EXPECT_EQ(ids("/v1/payments?customer=cus_1"), (Ids{"cs_1"}));
  EXPECT_EQ(ids("/v1/subscriptions"), (Ids{"sub_1", "sub_2"}));
  EXPECT_EQ(ids("/v1/subscriptions?user=u1"), (Ids{"sub_1", "sub_2"}));
  EXPECT_EQ(ids("/v1/users"), (Ids{"u1", "u2"}));
}

TEST_P(AdminOrgs, PagesOfAnOrgFollowEachOther) {
  for (int i = 0; i < 7; ++i)
    for (const std::string org : {"acme", "globex"}) {
      apply({.type = "invoice.paid",
             .data = R"({"id":"inv_)" + std::to_string(i) + R"(","amount":5,"currency":"usd"})",
             .org = org,
             .partner = org});
      clock_.advance(Milliseconds{1});
    }
  Ids seen;
  std::string cursor;
  do {
    const Reply page = get("/v1/payments?org=acme&limit=3&cursor=" + cursor);
    for (auto each = page.data().first(); !each.absent(); each = page.data().next(each))
      EXPECT_TRUE(seen.insert(text_of(each["id"])).second);
    cursor = text_of(page["next_cursor"]);
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), 7U);
}

TEST_P(AdminOrgs, AnOrgThatIsNoneIsRefusedByName) {
  for (const std::string path : {"/v1/users", "/v1/users/u1", "/v1/payments", "/v1/payments/cs_1",
                                 "/v1/subscriptions", "/v1/subscriptions/sub_1"}) {
    const Reply by_query = get(path + "?org=Acme");
    EXPECT_EQ(by_query.status, 400) << path;
    EXPECT_EQ(text_of(by_query.fields()["/org"]), std::string(kOrgNameRule));
    const Reply by_header = get_of(path, "a%20b");
    EXPECT_EQ(by_header.status, 400) << path;
    EXPECT_EQ(text_of(by_header.fields()["/X-Org-Id"]), std::string(kOrgNameRule));
    EXPECT_EQ(get_of(path + "?org=acme", "globex").status, 400) << "two orgs at once";
    EXPECT_EQ(get_of(path, "acme\r\nX-Org-Id: acme").status, 400) << "two headers";
    EXPECT_EQ(get(path + "?org=").status, 400);
  }
}

TEST_P(AdminOrgs, OnlyTheDefaultOrgHasProfilesAndWallets) {
  apply({.type = "subscription.upgraded", .data = R"({"id":"sub_9","user_id":"u5","plan":"gold"})"});
  apply({.type = "invoice.paid", .data = R"({"id":"i","user_id":"u5","amount":5,"currency":"usd"})"});
  EXPECT_EQ(get("/v1/profiles/u5").status, 404);
  EXPECT_EQ(get("/v1/wallets/u5").status, 404);
  apply({.type = "subscription.upgraded",
         .data = R"({"id":"sub_9","user_id":"u5","plan":"silver"})",
         .org = "default",
         .partner = "own"});
  EXPECT_EQ(text_of(get("/v1/profiles/u5")["plan"]), "silver");
  EXPECT_EQ(get("/v1/ledger/check")["entries"].integer(), 0);
}

// The pattern with every parameter filled in, in each of the ways that there are.
std::vector<std::string> targets_of(const std::string& pattern) {
  const auto open = pattern.find('{');
  if (open == std::string::npos) return {pattern};
  const auto close = pattern.find('}', open);
  const std::string name = pattern.substr(open + 1, close - open - 1);
  std::vector<std::string> values{"u1",         "inv_1",
                                  "sub_1",      "cs_1",
                                  "acct_1",     "po_1",
                                  "sp_1",       "crm",
                                  "shop",       "github",
                                  "globex",     "stripe%3Aevt_course",
                                  "evt_course", "0f8fad5b-d9cb-469f-a165-70867728950e"};
  if (name == "org" || name == "orgId") values = {"globex"};
  std::vector<std::string> targets;
  for (const auto& value : values)
    for (auto& target : targets_of(pattern.substr(0, open) + value + pattern.substr(close + 1)))
      targets.push_back(std::move(target));
  return targets;
}

TEST_P(AdminOrgs, WhateverIsAskedAKeyOfAnotherOrgSeesNothingAndChangesNothing) {
  apply_of_orgs();
  apply_examples();
  put("/v1/partners/crm", R"({"scheme":"github","secrets":["the secret of theirs"],"org":"globex"})");
  put("/v1/apps/shop", R"({"url":"https://shop.example/"})");
  put("/v1/bans/github/github", R"({"reason":"said to globex"})");
  send("POST", "/v1/api-keys", R"({"name":"of globex","scopes":["admin:read"],"org":"globex"})");
  const Reply made = send("POST", "/v1/api-keys", R"({"name":"k","org":"initech","scopes":["payments:confirm",
      "reports:write","events:publish","webhooks:manage","admin:read"]})");
  const std::string key = text_of(made["key"]);
  const std::set<std::string> open{"/healthz", "/readyz", "/metrics", "/openapi.yaml", "/asyncapi.yaml"};
  int refused = 0;
  for (const auto& route : api_->routes()) {
    if (open.contains(route.pattern)) continue;
    for (const auto& target : targets_of(route.pattern)) {
      SCOPED_TRACE(std::string(route.method) + " " + target);
      const auto asked = [&](const std::string& query, const std::string& fields) {
        return answer_to(request(std::string(route.method), target + query,
                                 authorization(key) + fields + "Content-Type: application/json\r\n",
                                 route.method == "GET" ? "" : "{}"));
      };
      const std::string own = asked("", "");
      const bool is_seen = own.starts_with("HTTP/1.1 200 ");
      // What the key may do in its own org.
      const bool is_nonsense = route.pattern.starts_with("/webhooks/") && own.starts_with("HTTP/1.1 400 ");
      EXPECT_TRUE(own.starts_with("HTTP/1.1 403 ") || own.starts_with("HTTP/1.1 404 ") ||
                  (is_seen && route.method == "GET") || is_nonsense)
          << own;
      for (const std::string_view others : {"globex", "acme", "default", "cs_1", "u1", "sub_1", "acct_1"})
        EXPECT_FALSE(is_seen && route.name != "event_types" && own.find(others) != std::string::npos) << own;
      EXPECT_TRUE(asked("?org=globex", "").starts_with("HTTP/1.1 403 "));
      EXPECT_TRUE(asked("", "X-Org-Id: globex\r\n").starts_with("HTTP/1.1 403 "));
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_EQ(get("/v1/audit").data().size(), 5U) << "what the root token has done";
}

TEST_P(AdminOrgs, AnEventNamesWhatItTouchedAndSentOut) {
  apply({.type = "invoice.paid",
         .data = R"({"id":"inv_1","subscription_id":"sub_1","amount":5,"currency":"usd"})",
         .id = "e-17"});
  const Reply event = get("/v1/events/partner%2Fcrm:e-17");
  ASSERT_EQ(event.status, 200);
  EXPECT_EQ(text_of(event["source"]), "partner/crm");
  EXPECT_EQ(text_of(event["outcome"]), "applied");
  EXPECT_EQ(text_of(event["entity"]), "inv_1");
  EXPECT_EQ(json::canonical(event["touched"]),
            R"([{"id":"inv_1","resource":"payments"},{"id":"sub_1","resource":"subscriptions"}])");
  ASSERT_EQ(event["outbound"].size(), 1U);
  EXPECT_EQ(text_of(event["outbound"].first()["type"]), "invoice.paid");
}

TEST_P(AdminOrgs, EventTypesShowTheWholeCatalogue) {
  const Reply types = get("/v1/event-types");
  ASSERT_EQ(types.status, 200);
  EXPECT_TRUE(types["next_cursor"].is_null());
  std::set<std::string> seen;
  for (auto each = types.data().first(); !each.absent(); each = types.data().next(each)) {
    const std::string name = text_of(each["direction"]) + " " + text_of(each["type"]);
    seen.insert(name);
    if (name == "inbound invoice.paid" && text_of(each["source"]) == "partner") {
      EXPECT_EQ(text_of(each["topic"]), "partners");
      EXPECT_EQ(each["retries"].integer(), 5);
      EXPECT_EQ(text_of(each["status"]), "GA");
      EXPECT_TRUE(each["category"].is_null());
    }
    if (name == "outbound trial.ending") {
      EXPECT_EQ(each["retries"].integer(), 1);
      EXPECT_EQ(text_of(each["status"]), "Beta");
      EXPECT_EQ(text_of(each["category"]), "subscription");
      EXPECT_TRUE(each["source"].is_null());
    }
    EXPECT_FALSE(text_of(each["release"]).empty()) << name;
  }
  for (const char* name : {"inbound payout.*", "inbound user.created", "outbound user.created",
                           "outbound payment.succeeded", "outbound trial.ending"})
    EXPECT_TRUE(seen.contains(name)) << name;
  EXPECT_EQ(get("/v1/event-types?source=partner").status, 400);
}

}  // namespace
}  // namespace penstock
