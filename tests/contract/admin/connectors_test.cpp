// Connectors, workflows and runs as operators say and read them.
#include <gmock/gmock.h>

#include "tests/contract/admin/admin_fixture.h"
#include "tests/unit/domain/connector_events.h"

namespace penstock {
namespace {

using testing::ConnectorSpec;
using ::testing::ElementsAre;
using testing::emit_step;
using ::testing::IsEmpty;
using testing::resuming;
using testing::starting;
using testing::wait_step;

const std::string kConnector = "/v1/orgs/acme/connectors/stripe";
const std::string kWorkflows = "/v1/orgs/acme/workflows";
const std::string kRuns = "/v1/orgs/acme/runs";
const std::string kSteps = R"([{"emit":{"type":"action.remind"}},
  {"wait":{"event_type":"invoice.paid","match":"/data/object/customer","timeout_s":60}}])";

class ConnectorsApi : public AdminTest, public ::testing::WithParamInterface<std::string> {
 protected:
  ConnectorsApi() : AdminTest(GetParam()) { serve(); }

  Reply put_workflow(const std::string& id, const std::string& steps = kSteps,
                     const std::string& types = R"(["invoice.payment_failed"])") {
    return put(kWorkflows + "/" + id, R"({"event_types":)" + types + R"(,"steps":)" + steps + "}");
  }
  std::vector<std::string> listed(const std::string& target) {
    std::vector<std::string> ids;
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 200) << target;
    for (auto each = reply.data().first(); !each.absent(); each = reply.data().next(each))
      ids.push_back(text_of(each["id"]));
    return ids;
  }
  void apply(const ConnectorSpec& spec) {
    apply_record({"connectors", spec.id, testing::connector_body(spec), testing::connector_headers(spec)});
  }
  const registry::Connector* known(std::string_view org = "acme") {
    const auto* entry = table_.current().find<registry::Connector>(org);
    return entry == nullptr ? nullptr : entry->value.get();
  }
};
PENSTOCK_EVERY_STORE(ConnectorsApi);

TEST_P(ConnectorsApi, AConnectorIsAsItWasSaidWithoutItsSecrets) {
  EXPECT_EQ(get(kConnector).status, 404);
  const Reply said = put(kConnector, R"({"kind":"generic","signing_secrets":["whsec_one_of_acme"],
    "url_secret":"the secret of the url","workflow":"dunning","enabled":false})");
  EXPECT_EQ(said.status, 200);
  for (const Reply& reply : {said, get(kConnector)}) {
    EXPECT_EQ(text_of(reply["org"]), "acme");
    EXPECT_EQ(text_of(reply["kind"]), "generic");
    EXPECT_EQ(text_of(reply["workflow"]), "dunning");
    EXPECT_EQ(reply["enabled"].boolean(), false);
    EXPECT_EQ(reply["signing_secret_count"].integer(), 1);
    EXPECT_EQ(reply["has_url_secret"].boolean(), true);
    EXPECT_EQ(reply.body.root().size(), 9U) << "and nothing else";
  }
  ASSERT_NE(known(), nullptr) << "it has come back from the log";
  EXPECT_THAT(known()->signing_secrets, ElementsAre("whsec_one_of_acme"));
  EXPECT_EQ(known()->url_secret, "the secret of the url");
  const Reply audit = get("/v1/audit");
  EXPECT_EQ(text_of(audit.data().first()["subject"]), kConnector);
  EXPECT_EQ(json::canonical(audit.body.root()).find("whsec_one_of_acme"), std::string::npos);
  EXPECT_EQ(json::canonical(audit.body.root()).find("the secret of the url"), std::string::npos);
}

TEST_P(ConnectorsApi, SecretsThatAreLeftOutStayAndNullTakesTheUrlsAway) {
  put(kConnector,
      R"({"kind":"platform","signing_secrets":["whsec_one_of_acme"],"url_secret":"the secret of the url"})");
  EXPECT_EQ(put(kConnector, R"({"kind":"platform"})").status, 200);
  EXPECT_THAT(known()->signing_secrets, ElementsAre("whsec_one_of_acme"));
  EXPECT_EQ(known()->url_secret, "the secret of the url");
  EXPECT_EQ(put(kConnector, R"({"kind":"platform","url_secret":null})").status, 200);
  EXPECT_THAT(known()->signing_secrets, ElementsAre("whsec_one_of_acme"));
  EXPECT_EQ(known()->url_secret, std::nullopt);
  EXPECT_EQ(send("DELETE", kConnector).status, 204);
  EXPECT_EQ(send("DELETE", kConnector).status, 404);
  EXPECT_EQ(known(), nullptr);
}

TEST_P(ConnectorsApi, WhatIsWrongWithAConnectorIsNamed) {
  const Reply none = put(kConnector, R"({"signing_secrets":[],"url_secret":"","enabled":1,"secret":"x"})");
  EXPECT_EQ(none.status, 400);
  for (const char* field : {"/kind", "/signing_secrets", "/url_secret", "/enabled", "/secret"})
    EXPECT_FALSE(none.fields()[field].absent()) << field;
  EXPECT_EQ(text_of(put(kConnector, R"({"kind":"platform"})").fields()["/signing_secrets"]),
            "is required of a new connector");
  const std::string secrets = R"("signing_secrets":["whsec_one_of_acme"])";
  EXPECT_FALSE(put(kConnector, R"({"kind":"generic",)" + secrets + "}").fields()["/workflow"].absent());
  EXPECT_FALSE(put(kConnector, R"({"kind":"platform","workflow":"a",)" + secrets + "}")
                   .fields()["/workflow"]
                   .absent());
  EXPECT_FALSE(put(kConnector, R"({"kind":"generic","workflow":"A B",)" + secrets + "}")
                   .fields()["/workflow"]
                   .absent());
  EXPECT_FALSE(put(kConnector, R"({"kind":"both",)" + secrets + "}").fields()["/kind"].absent());
  EXPECT_EQ(put("/v1/orgs/ACME/connectors/stripe", R"({"kind":"platform",)" + secrets + "}").status, 400);
}

TEST_P(ConnectorsApi, AWorkflowIsAsItWasSaid) {
  EXPECT_EQ(get(kWorkflows + "/dunning").status, 404);
  const Reply said = put_workflow("dunning");
  EXPECT_EQ(said.status, 200) << json::canonical(said.body.root());
  for (const Reply& reply : {said, get(kWorkflows + "/dunning")}) {
    EXPECT_EQ(text_of(reply["id"]), "dunning");
    EXPECT_EQ(reply["enabled"].boolean(), true);
    EXPECT_EQ(json::canonical(reply["event_types"]), R"(["invoice.payment_failed"])");
    EXPECT_EQ(json::canonical(reply["steps"]), json::canonical(json::Document::parse(kSteps).value().root()));
    EXPECT_EQ(text_of(reply["updated_by"]), "root");
  }
  clock_.advance(Milliseconds{5'000});
  const Reply changed = put_workflow("dunning", R"([{"emit":{"type":"action.other"}}])", R"(["*"])");
  EXPECT_EQ(text_of(changed["created_at"]), text_of(said["created_at"]));
  EXPECT_NE(text_of(changed["updated_at"]), text_of(said["updated_at"]));
  EXPECT_EQ(table_.current().find<registry::Workflows>("acme")->value->all.front().steps,
            (std::vector<Step>{emit_step("action.other")}));
}

TEST_P(ConnectorsApi, WorkflowsAreListedPageByPageAndDeleted) {
  for (const char* id : {"c", "a", "b"}) {
    put_workflow(id);
    clock_.advance(Milliseconds{1'000});
  }
  EXPECT_THAT(listed(kWorkflows), ElementsAre("b", "a", "c"));
  EXPECT_THAT(listed(kWorkflows + "?order=asc"), ElementsAre("c", "a", "b"));
  EXPECT_THAT(listed("/v1/orgs/globex/workflows"), IsEmpty());
  const Reply first = get(kWorkflows + "?limit=2");
  EXPECT_THAT(listed(kWorkflows + "?limit=2"), ElementsAre("b", "a"));
  EXPECT_THAT(listed(kWorkflows + "?limit=2&cursor=" + text_of(first["next_cursor"])), ElementsAre("c"));
  EXPECT_EQ(send("DELETE", kWorkflows + "/a").status, 204);
  EXPECT_EQ(send("DELETE", kWorkflows + "/a").status, 404);
  EXPECT_EQ(send("DELETE", "/v1/orgs/globex/workflows/b").status, 404);
  EXPECT_THAT(listed(kWorkflows), ElementsAre("b", "c"));
  send("DELETE", kWorkflows + "/b");
  send("DELETE", kWorkflows + "/c");
  EXPECT_THAT(listed(kWorkflows), IsEmpty());
}

TEST_P(ConnectorsApi, WhatIsWrongWithAWorkflowIsNamedByItsPlace) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"([{}])", "/steps/0"},
      {R"([{"emit":{"type":"action.a"},"wait":{}}])", "/steps/0"},
      {R"([{"emit":{"type":"action.a"}},{"sleep":{}}])", "/steps/1"},
      {R"([{"emit":{"type":"action"}}])", "/steps/0/emit/type"},
      {R"([{"emit":{"type":"Action.a"}}])", "/steps/0/emit/type"},
      {R"([{"emit":{"type":"payment.succeeded"}}])", "/steps/0/emit/type"},
      {R"([{"emit":{"type":"action.a","data":1}}])", "/steps/0/emit"},
      {R"([{"wait":{"event_type":"a.*","match":"/a","timeout_s":1}}])", "/steps/0/wait/event_type"},
      {R"([{"wait":{"event_type":"a.b","match":"a","timeout_s":1}}])", "/steps/0/wait/match"},
      {R"([{"wait":{"event_type":"a.b","match":"/a","timeout_s":0}}])", "/steps/0/wait/timeout_s"},
      {R"([{"wait":{"event_type":"a.b","match":"/a","timeout_s":"1"}}])", "/steps/0/wait/timeout_s"},
      {R"([])", "/steps"},
      {R"([7])", "/steps"},
      {R"({})", "/steps"}};
  for (const auto& [steps, field] : wrong) {
    const Reply refused = put_workflow("a", steps);
    EXPECT_EQ(refused.status, 400) << steps;
    EXPECT_FALSE(refused.fields()[field].absent()) << steps << json::canonical(refused.body.root());
  }
  for (const char* types : {R"([])", R"(["a*"])", R"([".a"])", R"(["A"])", R"(["a b"])", R"(["**"])", "1"})
    EXPECT_FALSE(put_workflow("a", kSteps, types).fields()["/event_types"].absent()) << types;
  EXPECT_FALSE(put_workflow("A").fields()["/id"].absent());
  EXPECT_THAT(listed(kWorkflows), IsEmpty());
}

TEST_P(ConnectorsApi, WhatAnOrgMayHaveIsBounded) {
  for (int i = 0; i < 64; ++i) ASSERT_EQ(put_workflow("w" + std::to_string(i)).status, 200);
  EXPECT_FALSE(put_workflow("one-more").fields()["/steps"].absent());
  EXPECT_EQ(put_workflow("w0").status, 200) << "one that is there may change";
  std::string steps;
  for (int i = 0; i < 32; ++i) steps += R"({"emit":{"type":"action.)" + std::string(60, 'a') + R"("}},)";
  steps.pop_back();
  bool refused = false;
  for (int i = 0; i < 20 && !refused; ++i)
    refused = put_workflow("w" + std::to_string(i), "[" + steps + "]").status == 400;
  EXPECT_TRUE(refused) << "steps are bounded over all workflows";
}

TEST_P(ConnectorsApi, RunsAreReadByTheirOrgAlone) {
  const std::string run = run_id("acme", "evt_1", "dunning");
  apply({.id = "evt_1", .decision = starting("evt_1", {wait_step("invoice.paid"), emit_step("action.a")})});
  const Reply waiting = get(kRuns + "/" + run);
  EXPECT_EQ(text_of(waiting["status"]), "waiting");
  EXPECT_EQ(text_of(waiting["workflow"]), "dunning");
  EXPECT_EQ(text_of(waiting["event"]), "org/acme:evt_1");
  EXPECT_EQ(text_of(waiting["waiting_for"]["event_type"]), "invoice.paid");
  EXPECT_TRUE(waiting["resumed_by"].is_null());
  apply({.id = "evt_2", .decision = resuming(run, 1)});
  const Reply completed = get(kRuns + "/" + run);
  EXPECT_EQ(text_of(completed["status"]), "completed");
  EXPECT_EQ(text_of(completed["resumed_by"]), "org/acme:evt_2");
  EXPECT_TRUE(completed["waiting_for"].is_null());
  EXPECT_EQ(text_of(completed["updated_by"]), "org/acme:evt_2");
  EXPECT_EQ(get("/v1/orgs/globex/runs/" + run).status, 404);
  EXPECT_EQ(get(kRuns + "/nothing").status, 404);
}

TEST_P(ConnectorsApi, RunsAreListedByStatusAndWorkflow) {
  clock_.advance(Milliseconds{1});
  apply({.id = "evt_1", .decision = starting("evt_1", {wait_step("invoice.paid")}, "a")});
  clock_.advance(Milliseconds{1});
  apply({.id = "evt_2", .decision = starting("evt_2", {emit_step("action.a")}, "b")});
  apply({.id = "evt_3",
         .decision = starting("evt_3", {emit_step("action.a")}, "b", "globex"),
         .org = "globex"});
  apply({.id = "evt_4", .decision = resuming(run_id("acme", "evt_9", "a"), 1)});
  const auto a = run_id("acme", "evt_1", "a"), b = run_id("acme", "evt_2", "b");
  EXPECT_THAT(listed(kRuns), ElementsAre(b, a)) << "one that nobody has started is not there yet";
  EXPECT_THAT(listed(kRuns + "?order=asc"), ElementsAre(a, b));
  EXPECT_THAT(listed(kRuns + "?status=waiting"), ElementsAre(a));
  EXPECT_THAT(listed(kRuns + "?workflow=b"), ElementsAre(b));
  EXPECT_THAT(listed("/v1/orgs/globex/runs"), ElementsAre(run_id("globex", "evt_3", "b")));
  EXPECT_EQ(get(kRuns + "?status=gone").status, 400);
  EXPECT_EQ(get(kRuns + "/" + run_id("acme", "evt_9", "a")).status, 404);
}

TEST_P(ConnectorsApi, AKeyReadsItsOwnOrgAndChangesNothing) {
  put(kConnector, R"({"kind":"platform","signing_secrets":["whsec_one_of_acme"]})");
  put_workflow("dunning");
  const Reply made = send("POST", "/v1/api-keys", R"({"name":"k","scopes":["admin:read"],"org":"acme"})");
  const std::string key = text_of(made["key"]);
  for (const auto& target : {kConnector, kWorkflows, kWorkflows + "/dunning", kRuns})
    EXPECT_EQ(send("GET", target, {}, key).status, 200) << target;
  for (const char* target : {"/v1/orgs/globex/connectors/stripe", "/v1/orgs/globex/workflows",
                             "/v1/orgs/globex/workflows/a", "/v1/orgs/globex/runs", "/v1/orgs/globex/runs/r"})
    EXPECT_EQ(send("GET", target, {}, key).status, 403) << target;
  EXPECT_EQ(send("PUT", kConnector, R"({"kind":"platform"})", key).status, 403);
  EXPECT_EQ(send("DELETE", kConnector, {}, key).status, 403);
  EXPECT_EQ(send("PUT", kWorkflows + "/a", "{}", key).status, 403);
  EXPECT_EQ(send("DELETE", kWorkflows + "/dunning", {}, key).status, 403);
}

}  // namespace
}  // namespace penstock
