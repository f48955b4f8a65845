// What is answered, what schemas/openapi.yaml says and what the contract asks for
// are the same fields and routes.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "tests/contract/admin/admin_fixture.h"
#include "tests/unit/domain/connector_events.h"
#include "workers/domain/state/tables.h"

namespace penstock {
namespace {

using Names = std::set<std::string>;

std::string read_document(const std::string& name) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/schemas/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

Names split(std::string text) {
  for (char& c : text)
    if (c == ',') c = ' ';
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// The list after the first `required:` of that schema.
Names required_of(const std::string& openapi, const std::string& schema) {
  const auto at = openapi.find("\n    " + schema + ":\n");
  const auto begin = openapi.find("required: [", at);
  const auto end = openapi.find(']', begin);
  if (at == std::string::npos || begin == std::string::npos) return {};
  return split(openapi.substr(begin + 11, end - begin - 11));
}

Names members_of(json::Value object) {
  Names names;
  for (auto each = object.first(); !each.absent(); each = object.next(each))
    names.insert(std::string(each.key()));
  return names;
}

struct Resource {
  std::string target;
  std::string schema;
  std::string contract;  // the fields of contract.md
};

const Resource kOne[] = {
    {"/v1/payments/cs_1", "Payment",
     "id session payment_intent charge subscription status amount currency amount_refunded dispute app_slug "
     "user_id "
     "customer "
     "account livemode metadata fulfilled fulfilled_by updated_at updated_by"},
    {"/v1/wallets/u1", "Wallet", "user_id balances test_balances updated_at updated_by"},
    {"/v1/ledger/check", "LedgerCheck", "balanced accounts entries sum_by_currency"},
    {"/v1/subscriptions/sub_1", "Subscription",
     "id status customer user_id plan quantity current_period_start current_period_end cancel_at_period_end "
     "canceled_at trial_end latest_invoice last_payment livemode account updated_at updated_by"},
    {"/v1/profiles/u1", "Profile",
     "user_id subscription_status subscription plan current_period_end customers account livemode updated_at "
     "updated_by"},
    {"/v1/accounts/acct_1", "Account",
     "id user_id status charges_enabled payouts_enabled details_submitted requirements livemode updated_at "
     "updated_by"},
    {"/v1/payouts/po_1", "Payout",
     "id account status amount currency arrival_date destination failure_code failure_message "
     "session_payment retry livemode "
     "updated_at updated_by"},
    {"/v1/session-payments/sp_1", "SessionPayment",
     "id tester_id payout status amount currency account livemode updated_at updated_by"},
    {"/v1/users/u1", "User", "id email name status identities created_at updated_at updated_by"},
    {"/v1/ads/0f8fad5b-d9cb-469f-a165-70867728950e", "Ad",
     "id name impressions spend budget cost_per_impression currency status paused_reason paused_at "
     "updated_at "
     "updated_by"},
    {"/v1/reports/r-1", "Report",
     "id reportable_id reportable_type reason description reporter status created_at updated_at updated_by"},
    {"/v1/events/stripe:evt_course", "EventDetail",
     "key type source received_at outcome reason attempts topic partition offset entity headers body touched "
     "outbound"},
    {"/v1/partners/acme", "Partner", "name org enabled scheme updated_at updated_by"},
    {"/v1/apps/shop", "App", "slug enabled url updated_at updated_by"},
    {"/v1/orgs/acme/connectors/stripe", "Connector", "kind enabled workflow updated_at updated_by"},
    {"/v1/orgs/acme/workflows/dunning", "Workflow", "id event_types enabled steps updated_at updated_by"},
    {"/v1/orgs/acme/runs/f92edcb2-4e1e-5016-ac0a-ae2b5efab38f", "Run",
     "id workflow status event resumed_by steps waiting_for created_at updated_at updated_by"},
    {"/v1/bans/github/1", "Ban", "provider subject reason updated_at updated_by"},
    {"/webhooks/configs/main", "WebhookConfig",
     "id url event_types enabled description concurrency rate created_at updated_at updated_by"},
};
const Resource kLists[] = {
    {"/v1/payments?status=partially_refunded", "Payment",
     "id status metadata created_at updated_at updated_by"},
    {"/v1/subscriptions?user=u1", "Subscription", "id status user_id created_at updated_at updated_by"},
    {"/v1/accounts?user=u1", "Account", "id user_id requirements created_at updated_at updated_by"},
    {"/v1/payouts?account=acct_1", "Payout", "id account retry created_at updated_at updated_by"},
    {"/v1/ads?status=active", "Ad", "id impressions spend status created_at updated_at updated_by"},
    {"/v1/fulfillments", "Fulfillment",
     "id payment app_slug action user_id grants event created_at updated_at updated_by"},
    {"/v1/wallets/u1/entries", "WalletEntry",
     "id kind amount currency livemode payment event effect_key created_at updated_at updated_by"},
    {"/v1/users?status=active", "User", "id email name status identities created_at updated_at updated_by"},
    {"/v1/reports?status=open", "Report",
     "id reportable_id reportable_type reason description reporter status created_at updated_at updated_by"},
    {"/v1/event-types", "EventType",
     "type direction source topic category description retries release status"},
    {"/v1/alerts", "Alert", "id kind subject message event created_at acknowledged_at updated_at updated_by"},
    {"/v1/events", "Event",
     "key type source received_at outcome reason attempts topic partition offset entity"},
    {"/v1/parked", "ParkedEvent", "key type topic reason error_class message attempts parked_at"},
    {"/v1/pools", "Pool", "name lag oldest_age_s rate_1m members partitions state since last_error as_of"},
    {"/v1/partners", "Partner", "name org enabled scheme updated_at updated_by"},
    {"/v1/apps", "App", "slug enabled url updated_at updated_by"},
    {"/v1/orgs/acme/workflows", "Workflow", "id event_types enabled steps updated_at updated_by"},
    {"/v1/orgs/acme/runs?status=waiting", "Run",
     "id workflow status event resumed_by steps waiting_for created_at updated_at updated_by"},
    {"/v1/bans", "Ban", "provider subject reason updated_at updated_by"},
    {"/v1/api-keys", "ApiKey", "id name org scopes updated_at updated_by"},
    {"/v1/audit", "AuditEntry", "at who action subject detail"},
    {"/webhooks/configs", "WebhookConfig",
     "id url event_types enabled description concurrency rate created_at updated_at updated_by"},
    {"/webhooks/logs", "WebhookAttempt",
     "id config_id event_id event_type attempt url request_headers request_body status_code response_body "
     "error "
     "duration_ms created_at next_attempt_at"},
};

// Whether the target is one of the pattern's: "/v1/payouts/po_1" of "/v1/payouts/{id}".
bool matches(std::string_view pattern, std::string_view target) {
  target = target.substr(0, target.find('?'));
  while (!pattern.empty() && !target.empty()) {
    const auto expected = pattern.substr(0, pattern.find('/', 1)),
               given = target.substr(0, target.find('/', 1));
    if (!expected.starts_with("/{") && expected != given) return false;
    pattern.remove_prefix(expected.size());
    target.remove_prefix(given.size());
  }
  return pattern.empty() && target.empty();
}

class AdminDocuments : public AdminTest {
 protected:
  void check(const Resource& resource, json::Value object) {
    const Names required = required_of(openapi_, resource.schema);
    EXPECT_EQ(members_of(object), required) << resource.target;
    for (const auto& name : split(resource.contract))
      EXPECT_TRUE(required.contains(name)) << resource.target << " " << name;
  }

  const std::string openapi_ = read_document("openapi.yaml");
};

TEST_F(AdminDocuments, EachResourceHasTheFieldsOfTheContractAndTheSchema) {
  apply_examples();
  apply({.type = "user.created", .data = R"({"id":"u1"})", .org = "default"});
  apply_record(report_record("r-1"));
  apply_body("no JSON");
  put("/v1/partners/acme", R"({"scheme":"github","secrets":["the secret of theirs"]})");
  put("/v1/apps/shop", R"({"url":"https://shop.example/"})");
  put("/v1/bans/github/1", R"({})");
  put("/webhooks/configs", R"({"id":"main","url":"https://receiver.example/","event_types":["*"]})");
  write(DeliveryAttempt{.id = "a-1",
                        .delivery = "1@config/default/main",
                        .endpoint = "config/default/main",
                        .org = "default",
                        .event = "e-1",
                        .type = "payment.succeeded",
                        .timings_us = {{"whole", 1}}});
  send("POST", "/v1/api-keys", R"({"name":"k","scopes":["admin:read"]})");
  put("/v1/orgs/acme/connectors/stripe", R"({"kind":"platform","signing_secrets":["the secret of theirs"]})");
  put("/v1/orgs/acme/workflows/dunning",
      R"({"event_types":["invoice.*"],"steps":[{"emit":{"type":"action.a"}}]})");
  const testing::ConnectorSpec started{
      .id = "evt_1", .decision = testing::starting("evt_1", {testing::wait_step("invoice.paid")}, "a")};
  apply_record(
      {"connectors", "evt_1", testing::connector_body(started), testing::connector_headers(started)});
  ASSERT_EQ(put("/v1/ads/0f8fad5b-d9cb-469f-a165-70867728950e",
                R"({"budget":1000000,"cost_per_impression":2500,"currency":"usd"})")
                .status,
            200);
  for (const auto& resource : kOne) {
    const Reply reply = get(resource.target);
    ASSERT_EQ(reply.status, 200) << resource.target;
    check(resource, reply.body.root());
  }
  for (const auto& resource : kLists) {
    const Reply reply = get(resource.target);
    ASSERT_EQ(reply.status, 200) << resource.target;
    ASSERT_GE(reply.data().size(), 1U) << resource.target;
    EXPECT_EQ(members_of(reply.body.root()), (Names{"data", "next_cursor"})) << resource.target;
    check(resource, reply.data().first());
  }
  EXPECT_EQ(members_of(get("/v1/accounts/acct_1")["requirements"]),
            (Names{"currently_due", "eventually_due", "past_due", "disabled_reason"}));
  EXPECT_EQ(members_of(get("/v1/payouts/po_1")["retry"]), (Names{"state", "attempts", "next_at"}));
}

TEST_F(AdminDocuments, EveryResourceIsComparedWithItsSchema) {
  serve();
  for (const auto& route : api_->routes()) {
    if (route.method != "GET" || route.pattern == "/v1/feed" ||
        !(route.pattern.starts_with("/v1/") || route.pattern.starts_with("/webhooks/")))
      continue;
    const auto is_asked = [&](const Resource& each) { return matches(route.pattern, each.target); };
    EXPECT_TRUE(std::any_of(std::begin(kOne), std::end(kOne), is_asked) ||
                std::any_of(std::begin(kLists), std::end(kLists), is_asked))
        << route.pattern << " needs a line in kOne or kLists";
  }
}

TEST_F(AdminDocuments, EveryRowThatEventsTouchIsShown) {
  const auto has_path = [this](const std::string& path) {
    return openapi_.find("\n  /v1/" + path) != std::string::npos;
  };
  for (const auto resource : all_resources())
    EXPECT_TRUE(has_path(std::string(resource)) || has_path("orgs/{org}/" + std::string(resource)))
        << resource;
}

TEST_F(AdminDocuments, EveryArrayOfTheSchemaSaysWhatItHolds) {
  std::istringstream lines(openapi_);
  std::string before;
  int arrays = 0;
  for (std::string line; std::getline(lines, line); before = line) {
    const auto indentation = [](const std::string& text) { return text.find_first_not_of(' '); };
    if (line.find("type: array,") != std::string::npos) {
      EXPECT_NE(line.find("items: "), std::string::npos) << line;
      ++arrays;
    } else if (before.ends_with("type: array")) {
      while (line.find("description:") != std::string::npos) std::getline(lines, line);
      EXPECT_EQ(line.find("items:"), indentation(before)) << before << "\n" << line;
      ++arrays;
    }
  }
  EXPECT_GT(arrays, 10);
}

TEST_F(AdminDocuments, TheSchemaNamesEveryRouteAndNoOther) {
  serve();
  Names served{"/v1/webhook/stripe",
               "/api/webhooks/stripe",
               "/v1/webhooks/partners/{partner}",
               "/v1/ads/{id}/impression",
               "/v1/webhook/payment-succeeded",
               "/api/auth/login",
               "/api/auth/callback",
               "/api/auth/logout",
               "/v1/orgs/{org}/integrations/stripe"};  // the public listener's own
  for (const auto& route : api_->routes()) served.insert(route.pattern);
  Names described;
  std::istringstream lines(openapi_);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("  /") && line.ends_with(":")) described.insert(line.substr(2, line.size() - 3));
  EXPECT_EQ(described, served);
}

TEST_F(AdminDocuments, TheDocumentsAreServedAsTheyAre) {
  for (const std::string name : {"openapi.yaml", "asyncapi.yaml"}) {
    const auto answer = answer_to(request("GET", "/" + name, ""));
    EXPECT_EQ(fakes::status_of(answer), 200);
    EXPECT_NE(answer.find("\r\nContent-Type: application/yaml\r\n"), std::string::npos);
    EXPECT_EQ(fakes::body_of(answer), read_document(name));
  }
}

}  // namespace
}  // namespace penstock
