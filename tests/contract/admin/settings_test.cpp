// Settings over the admin API, on both stores: validated, sealed, audited, told to the log, and kept from those who may not.
#include <gmock/gmock.h>

#include <thread>

#include "common/registry/api_key.h"
#include "common/registry/sealed.h"
#include "ingress/admin/settings/reseal.h"
#include "ingress/admin/settings/setting_publisher.h"
#include "tests/contract/admin/admin_fixture.h"
#include "workers/domain/state/payment_rows.h"

namespace penstock {
namespace {

using registry::ApiKey;
using registry::Partner;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPartner =
    R"({"scheme":"x-signature","secrets":["the first secret of acme","the second secret of acme"],"org":"o1"})";

class AdminSettings : public AdminTest, public ::testing::WithParamInterface<std::string> {
 protected:
  AdminSettings() : AdminTest(GetParam()) {}

  const Partner* partner(std::string_view name) const {
    const auto* entry = table_.current().find<Partner>(name);
    return entry == nullptr ? nullptr : entry->value.get();
  }
  std::string make_key(const std::string& scopes, const std::string& org = "default") {
    const Reply made =
        send("POST", "/v1/api-keys", R"({"name":"k","scopes":[)" + scopes + R"(],"org":")" + org + "\"}");
    EXPECT_EQ(made.status, 201);
    return text_of(made["key"]);
  }
  int status_for(std::string_view key, const std::string& target, const std::string& method = "GET",
                 const std::string& body = {}) {
    return send(method, target, body, key).status;
  }
  std::string stored_text(const std::string& key) {
    const auto rows = store_->read(table_of<SettingRow>(), std::vector{key});
    return std::get<std::string>(rows.value().at(0).cells.at(3));
  }
  // As deciding about payments knows the app.
  std::optional<bool> takes_payments(const std::string& slug) {
    const auto rows = store_->read(table_of<RegisteredApp>(), std::vector{slug});
    if (rows.value().empty()) return std::nullopt;
    return from_cells<RegisteredApp>(rows.value().at(0).cells)->enabled;
  }
  SettingPorts ports() { return {*store_, *log_.log, sealer_, table_, clock_}; }
};

TEST_P(AdminSettings, APartnerIsStoredShownAndInForceWhenTheAnswerComes) {
  const Reply reply = put("/v1/partners/acme", kPartner);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(text_of(reply["scheme"]), "x-signature");
  EXPECT_EQ(text_of(reply["org"]), "o1");
  EXPECT_EQ(reply["secret_count"].integer(), 2);
  EXPECT_EQ(text_of(reply["updated_by"]), "root");
  ASSERT_NE(partner("acme"), nullptr);
  EXPECT_EQ(partner("acme")->secrets,
            (std::vector<std::string>{"the first secret of acme", "the second secret of acme"}));
  EXPECT_EQ(text_of(get("/v1/partners/acme?org=o1")["name"]), "acme");
  EXPECT_EQ(get("/v1/partners?org=o1").data().size(), 1U);
  EXPECT_EQ(get("/v1/partners").data().size(), 0U);
}

TEST_P(AdminSettings, NoSecretIsShownOrKeptInTheOpen) {
  for (const auto& answer :
       {answer_to(request("PUT", "/v1/partners/acme", authorization() + "Content-Type: application/json\r\n",
                          kPartner)),
        answer_to(request("GET", "/v1/partners/acme", authorization())),
        answer_to(request("GET", "/v1/partners?org=o1", authorization())),
        answer_to(request("GET", "/v1/audit", authorization()))})
    EXPECT_THAT(answer, Not(HasSubstr("secret of acme")));
  EXPECT_THAT(stored_text("partner/acme"), Not(HasSubstr("secret")));
  auto tail = log_.log->tail("settings");
  const auto batch = tail.value()->next(10, Milliseconds{5000});
  ASSERT_TRUE(batch);
  for (const auto& record : batch.value().records) EXPECT_THAT(record.value, Not(HasSubstr("secret")));
}

TEST_P(AdminSettings, WithoutSecretsAPartnerKeepsThoseThatItHas) {
  ASSERT_EQ(put("/v1/partners/acme", kPartner).status, 200);
  ASSERT_EQ(put("/v1/partners/acme", R"({"scheme":"x-signature","enabled":false,"org":"o1"})").status, 200);
  EXPECT_EQ(partner("acme")->secrets.size(), 2U);
  EXPECT_FALSE(partner("acme")->enabled);
  const Reply refused = put("/v1/partners/new", R"({"scheme":"x-signature"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_FALSE(refused.fields()["/secrets"].absent());
}

TEST_P(AdminSettings, WithoutAnOrgAPartnerStaysInItsOwn) {
  ASSERT_EQ(put("/v1/partners/acme", kPartner).status, 200);
  ASSERT_EQ(put("/v1/partners/acme", R"({"scheme":"x-signature","enabled":false})").status, 200);
  EXPECT_EQ(partner("acme")->org, "o1");
  ASSERT_EQ(put("/v1/partners/new", R"({"scheme":"github","secrets":["the secret of theirs"]})").status, 200);
  EXPECT_EQ(partner("new")->org, "default");
}

TEST_P(AdminSettings, EachFieldThatMakesNoSenseIsNamed) {
  const std::tuple<std::string, std::string, std::string> wrong[] = {
      {"/v1/partners/ACME", kPartner, "/name"},
      {"/v1/partners/acme", R"({"scheme":"md5","secrets":["the secret of theirs"]})", "/scheme"},
      {"/v1/partners/acme", R"({"secrets":["the secret of theirs"]})", "/scheme"},
      {"/v1/partners/acme", R"({"scheme":"github","secrets":[]})", "/secrets"},
      {"/v1/partners/acme", R"({"scheme":"github","secrets":[""]})", "/secrets"},
      {"/v1/partners/acme",
       R"({"scheme":"github","secrets":["the secret of theirs, 1","the secret of theirs, 2","the secret of theirs, 3","the secret of theirs, 4","the secret of theirs, 5"]})",
       "/secrets"},
      {"/v1/partners/acme", R"({"scheme":"github","secrets":"a"})", "/secrets"},
      {"/v1/partners/acme", R"({"scheme":"standard-webhooks","secrets":["whsec_?????????????????"]})",
       "/secrets"},
      {"/v1/partners/acme", R"({"scheme":"github","secrets":["the secret of theirs"],"org":"No"})", "/org"},
      {"/v1/partners/acme", R"({"scheme":"github","secrets":["the secret of theirs"],"enabled":1})",
       "/enabled"},
      {"/v1/partners/acme", R"({"scheme":"github","secrets":["the secret of theirs"],"more":1})", "/more"},
      {"/v1/apps/shop", R"({"url":"ftp://x"})", "/url"},
      {"/v1/apps/shop", R"({"url":"https://u:p@x.example/"})", "/url"},
      {"/v1/apps/shop", R"({})", "/url"},
      {"/v1/apps/shop", R"({"url":"https://x.example/","secret":"short"})", "/secret"},
      {"/v1/apps/Shop", R"({"url":"https://x.example/"})", "/slug"},
      {"/v1/bans/GitHub/1", R"({})", "/provider"},
      {"/v1/bans/github/1", R"({"reason":""})", "/reason"}};
  for (const auto& [target, body, field] : wrong) {
    const Reply reply = put(target, body);
    EXPECT_EQ(reply.status, 400) << target << body;
    EXPECT_FALSE(reply.fields()[field].absent()) << target << body;
  }
  for (const char* body :
       {R"({"name":"k"})", R"({"name":"k","scopes":["all"]})", R"({"scopes":["admin:read"]})"})
    EXPECT_EQ(send("POST", "/v1/api-keys", body).status, 400) << body;
  EXPECT_EQ(get("/v1/audit").data().size(), 0U) << "what is refused leaves nothing behind";
  EXPECT_EQ(table_.current().size(), 0U);
}

TEST_P(AdminSettings, ASecretThatCanBeGuessedIsRefused) {
  const std::string weak[] = {"s", "fifteen letters", std::string(64, ' '),
                              "\\t\\n" + std::string(20, ' ') + "secret"};
  for (const auto& secret : weak) {
    const std::string given = "\"" + secret + "\"";
    for (const char* scheme : {"x-signature", "standard-webhooks", "stripe", "github", "shopify"})
      EXPECT_FALSE(put("/v1/partners/acme", std::string(R"({"scheme":")") + scheme +
                                                R"(","secrets":["the secret of theirs",)" + given + "]}")
                       .fields()["/secrets"]
                       .absent())
          << scheme << given;
    const Reply connector =
        put("/v1/orgs/acme/connectors/stripe",
            R"({"kind":"platform","signing_secrets":[)" + given + R"(],"url_secret":)" + given + "}");
    EXPECT_FALSE(connector.fields()["/signing_secrets"].absent()) << given;
    EXPECT_FALSE(connector.fields()["/url_secret"].absent()) << given;
    EXPECT_FALSE(put("/v1/apps/shop", R"({"url":"https://x.example/","secret":)" + given + "}")
                     .fields()["/secret"]
                     .absent())
        << given;
  }
}

TEST_P(AdminSettings, ASecretThatStandsGoesOnWorking) {
  ASSERT_TRUE(
      store_setting(ports(), {"partner/old", "root", "put", "/v1/partners/old", "{}"},
                    [](const auto&) -> Result<std::optional<registry::Values>> {
                      return std::optional<registry::Values>(Partner{"default", true, "github", {"s"}});
                    }));
  ASSERT_EQ(put("/v1/partners/old", R"({"scheme":"github","enabled":false})").status, 200);
  ASSERT_NE(partner("old"), nullptr);
  EXPECT_EQ(partner("old")->secrets, std::vector<std::string>{"s"});
}

TEST_P(AdminSettings, WhatIsDeletedIsGoneForAllAndMayComeBack) {
  ASSERT_EQ(put("/v1/partners/acme", kPartner).status, 200);
  EXPECT_EQ(send("DELETE", "/v1/partners/acme").status, 204);
  EXPECT_EQ(partner("acme"), nullptr);
  EXPECT_EQ(get("/v1/partners/acme").status, 404);
  EXPECT_EQ(get("/v1/partners?org=o1").data().size(), 0U);
  EXPECT_EQ(send("DELETE", "/v1/partners/acme").status, 404);
  ASSERT_EQ(put("/v1/partners/acme", kPartner).status, 200);
  EXPECT_NE(partner("acme"), nullptr);
}

TEST_P(AdminSettings, EveryChangeIsAudited) {
  put("/v1/partners/acme", kPartner);
  clock_.advance(Milliseconds{1000});
  send("DELETE", "/v1/partners/acme");
  clock_.advance(Milliseconds{1000});
  put("/v1/bans/github/7", R"({"reason":"spam"})");
  const Reply audit = get("/v1/audit");
  ASSERT_EQ(audit.data().size(), 3U);
  const auto last = audit.data().first(), middle = audit.data().next(last);
  EXPECT_EQ(text_of(last["subject"]), "/v1/bans/github/7");
  EXPECT_EQ(text_of(last["who"]), "root");
  EXPECT_EQ(text_of(last["action"]), "put");
  EXPECT_EQ(text_of(last["detail"]["reason"]), "spam");
  EXPECT_EQ(text_of(middle["action"]), "delete");
  EXPECT_EQ(get("/v1/audit?subject=/v1/partners/acme").data().size(), 2U);
}

TEST_P(AdminSettings, AnAppsSecretIsMadeAndShownOnce) {
  const Reply made = put("/v1/apps/shop", R"({"url":"https://shop.example/hook"})");
  ASSERT_EQ(made.status, 200);
  EXPECT_THAT(text_of(made["secret"]), ::testing::StartsWith("whsec_"));
  const Reply again = put("/v1/apps/shop", R"({"url":"https://shop.example/other"})");
  EXPECT_TRUE(again["secret"].absent());
  EXPECT_TRUE(get("/v1/apps/shop")["secret"].absent());
  EXPECT_EQ(table_.current().find<registry::App>("shop")->value->secret, text_of(made["secret"]));
  EXPECT_TRUE(put("/v1/apps/mine", R"({"url":"https://x.example/","secret":"one of my own, long"})")["secret"]
                  .absent());
}

TEST_P(AdminSettings, AnAppIsARowOfItsOwnForThoseWhoDecideAboutPayments) {
  EXPECT_EQ(takes_payments("shop"), std::nullopt);
  put("/v1/apps/shop", R"({"url":"https://shop.example/hook"})");
  EXPECT_EQ(takes_payments("shop"), true);
  put("/v1/apps/shop", R"({"url":"https://shop.example/other"})");
  EXPECT_EQ(takes_payments("shop"), true);
  put("/v1/apps/shop", R"({"url":"https://shop.example/hook","enabled":false})");
  EXPECT_EQ(takes_payments("shop"), false);
  put("/v1/apps/shop", R"({"url":"https://shop.example/hook","enabled":true})");
  EXPECT_EQ(send("DELETE", "/v1/apps/shop").status, 204);
  EXPECT_EQ(takes_payments("shop"), false);
  put("/v1/partners/acme", kPartner);
  EXPECT_EQ(takes_payments("acme"), std::nullopt);
}

TEST_P(AdminSettings, AnAppOfBeforeThereWereRowsOfAppsGetsOne) {
  const auto store = [&](const std::string& slug, bool enabled) {
    const std::string key = registry::make_key<registry::App>(slug);
    const registry::Setting setting{{1},
                                    registry::App{enabled, "https://shop.example/", "whsec_of_the_shop"}};
    const SettingRow row{key, "app@default", false, registry::seal_setting(sealer_, key, setting)};
    auto batch = store_->begin();
    ASSERT_TRUE(batch.value()->commit(std::vector<TableRows>{
        {&table_of<SettingRow>(), {{to_cells(row), 0, {clock_.now(), clock_.now(), "root"}}}}}));
  };
  store("shop", true);
  store("closed", false);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!follower_->ready() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  SettingPublisherOptions options;
  options.table_is_filled = [&] { return follower_->ready(); };
  ASSERT_TRUE(SettingPublisher(options, ports()).look());
  EXPECT_EQ(takes_payments("shop"), true);
  EXPECT_EQ(takes_payments("closed"), false);
  EXPECT_EQ(get("/v1/audit").data().size(), 0U) << "nobody has changed anything";
}

TEST_P(AdminSettings, AnAppThatTheLogAloneKnowsIsARowAgainToo) {
  serve();
  const std::string key = registry::make_key<registry::App>("shop");
  const std::int64_t later = to_unix_ms(clock_.now()) + 1'000'000;
  const registry::Setting setting{{later}, registry::App{true, "https://shop.example/", "whsec_of_the_shop"}};
  append({"settings", key, registry::seal_setting(sealer_, key, setting), {}});
  ASSERT_TRUE(table_.wait_for(key, {later}, Milliseconds{30'000}));
  SettingPublisherOptions options;
  options.table_is_filled = [&] { return follower_->ready(); };
  ASSERT_TRUE(SettingPublisher(options, ports()).look());
  EXPECT_EQ(takes_payments("shop"), true);
}

TEST_P(AdminSettings, AKeyMayReadWhatIsItsOrgsAndNothingElse) {
  put("/v1/partners/acme", kPartner);
  const std::string key = make_key(R"("admin:read")", "o1");
  EXPECT_EQ(status_for(key, "/v1/partners/acme"), 200);
  EXPECT_EQ(status_for(key, "/v1/partners"), 200);
  EXPECT_EQ(status_for(key, "/v1/partners?org=o1"), 200);
  EXPECT_EQ(status_for(key, "/v1/partners?org=o2"), 403);
  EXPECT_EQ(status_for(key, "/v1/events"), 403) << "events belong to no org alone";
  EXPECT_EQ(status_for(key, "/v1/audit"), 403);
  EXPECT_EQ(status_for(key, "/v1/partners/acme", "PUT", kPartner), 403);
  EXPECT_EQ(status_for(key, "/v1/api-keys", "POST", R"({"name":"k","scopes":["admin:read"]})"), 403);
  put("/v1/partners/foreign", R"({"scheme":"github","secrets":["the secret of theirs"],"org":"o2"})");
  EXPECT_EQ(status_for(key, "/v1/partners/foreign"), 404);
  EXPECT_EQ(status_for(make_key(R"("admin:read")"), "/v1/events"), 200);
  EXPECT_EQ(status_for(make_key(R"("events:publish")"), "/v1/payments"), 403) << "it lacks the scope";
  EXPECT_EQ(ask(request("GET", "/v1/partners", authorization(key) + "X-Org-Id: o2\r\n")).status, 403);
}

TEST_P(AdminSettings, ARevokedOrForgedKeyIsNobodys) {
  const Reply made = send("POST", "/v1/api-keys", R"({"name":"k","scopes":["admin:read"]})");
  const std::string key = text_of(made["key"]), id = text_of(made["id"]);
  EXPECT_EQ(status_for(key, "/v1/payments"), 200);
  EXPECT_EQ(status_for(registry::make_api_key().key, "/v1/payments"), 401);
  std::string forged = key;
  forged[25] = forged[25] == '0' ? '1' : '0';
  EXPECT_EQ(status_for(forged, "/v1/payments"), 401);
  EXPECT_EQ(send("DELETE", "/v1/api-keys/" + id).status, 204);
  EXPECT_EQ(status_for(key, "/v1/payments"), 401);
  EXPECT_THAT(stored_text("api-key/" + id), Not(HasSubstr(key.substr(20))));
}

TEST_P(AdminSettings, OfTwoWritersAtOnceOneHoldsAsAWhole) {
  serve();
  const auto write = [&](const std::string& scheme, const std::string& secret) {
    for (int i = 0; i < 20; ++i)
      put("/v1/partners/acme", R"({"scheme":")" + scheme + R"(","secrets":[")" + secret + R"("]})");
  };
  std::thread other([&] { write("github", "the secret of github"); });
  write("shopify", "the secret of shopify");
  other.join();
  ASSERT_NE(partner("acme"), nullptr);
  EXPECT_EQ(partner("acme")->secrets.front(), "the secret of " + partner("acme")->scheme);
  EXPECT_EQ(get("/v1/audit?limit=500").data().size(), 40U);
}

TEST_P(AdminSettings, WhileTheLogIsAwayAChangeIsKeptAndSaidToBeLate) {
  serve();
  log_.storage->set_available(false);
  const Reply reply = put("/v1/partners/acme", kPartner);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(partner("acme"), nullptr);
  log_.storage->set_available(true);
  SettingPublisherOptions options;
  options.grace = Milliseconds{0};
  options.table_is_filled = [&] { return follower_->ready(); };
  SettingPublisher publisher(options, ports());
  EXPECT_TRUE(publisher.look());
  EXPECT_TRUE(table_.wait_for("partner/acme", {1}, Milliseconds{30'000}));
}

TEST_P(AdminSettings, AClockThatIsSetBackKeepsNoChangeFromTheLog) {
  put("/v1/partners/before", kPartner);
  SettingPublisherOptions options;
  options.table_is_filled = [&] { return follower_->ready(); };
  SettingPublisher publisher(options, ports());
  ASSERT_TRUE(publisher.look());
  log_.storage->set_available(false);
  ASSERT_EQ(put("/v1/partners/late", kPartner).status, 503);
  clock_.set(clock_.now() - std::chrono::hours{1});
  ASSERT_EQ(put("/v1/partners/later", kPartner).status, 503);
  ASSERT_EQ(put("/v1/partners/before", R"({"scheme":"github","org":"o1"})").status, 503);
  clock_.advance(std::chrono::minutes{2});
  log_.storage->set_available(true);
  EXPECT_TRUE(publisher.look());
  for (const auto* key : {"partner/late", "partner/later"})
    EXPECT_TRUE(table_.wait_for(key, {1}, Milliseconds{30'000})) << key;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (partner("before")->scheme != "github" && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(partner("before")->scheme, "github") << "the later change, whatever the clock says";
}

TEST_P(AdminSettings, AStoreOfABackupGetsTheSettingsOfNowAndNoneThatWereDeleted) {
  const auto partner_of = [](std::string scheme) {
    return registry::Setting{{0}, Partner{"default", true, std::move(scheme), {"s"}}};
  };
  const auto in_log = [&](const std::string& key, registry::Setting setting, std::int64_t revision) {
    setting.revision = {revision};
    append({"settings", key, registry::seal_setting(sealer_, key, setting), {}});
    ASSERT_TRUE(table_.wait_for(key, {revision}, Milliseconds{30'000}));
  };
  put("/v1/partners/kept", kPartner);
  put("/v1/partners/deleted", kPartner);
  put("/v1/partners/changed", kPartner);
  const std::int64_t later = to_unix_ms(clock_.now()) + 1'000'000;
  in_log("partner/deleted", {{0}, std::nullopt}, later);
  in_log("partner/changed", partner_of("shopify"), later);
  in_log("partner/unknown", partner_of("github"), later);
  SettingPublisherOptions options;
  options.table_is_filled = [&] { return follower_->ready(); };
  ASSERT_TRUE(SettingPublisher(options, ports()).look());
  EXPECT_EQ(get("/v1/partners/kept").status, 200);
  EXPECT_EQ(get("/v1/partners/deleted").status, 404);
  EXPECT_EQ(text_of(get("/v1/partners/changed")["scheme"]), "shopify");
  EXPECT_EQ(text_of(get("/v1/partners/unknown")["scheme"]), "github");
}

TEST_P(AdminSettings, WhatTheLogSaysElseIsPutRightAndNothingIsTakenFromIt) {
  put("/v1/partners/acme", kPartner);
  put("/v1/partners/gone", kPartner);
  const auto old = [&](const std::string& key) {
    return registry::seal_setting(sealer_, key, {{1}, Partner{"default", true, "github", {"known to many"}}});
  };
  send("DELETE", "/v1/partners/gone");
  append({"settings", "partner/acme", old("partner/acme"), {}});
  append({"settings", "partner/acme", "v1.nonsense", {}});
  append({"settings", "partner/acme", {}, {}, true});
  append({"settings", "partner/gone", old("partner/gone"), {}});
  const auto misled = [&] { return table_.misled().size(); };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (misled() != 2 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  ASSERT_EQ(misled(), 2U);
  SettingPublisherOptions options;
  options.table_is_filled = [&] { return follower_->ready(); };
  ASSERT_TRUE(SettingPublisher(options, ports()).look());
  while (misled() != 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(misled(), 0U);
  EXPECT_EQ(get("/v1/partners/acme").status, 200);
  EXPECT_EQ(get("/v1/partners/gone").status, 404);
  EXPECT_EQ(get("/v1/audit").data().size(), 3U) << "nobody has changed anything";
}

TEST_P(AdminSettings, AreMovedToANewKeyWhileEverythingRuns) {
  put("/v1/partners/acme", kPartner);
  put("/v1/partners/gone", kPartner);
  send("DELETE", "/v1/partners/gone");
  const std::string old_key(32, 'k'), new_key(32, 'n');
  const crypto::Sealer both(std::vector{new_key, old_key}), only_new(std::vector{new_key});
  const SettingPorts with_both{*store_, *log_.log, both, table_, clock_};
  const auto resealed = reseal_settings(with_both);
  ASSERT_TRUE(resealed);
  EXPECT_EQ(resealed.value().settings, 2U);
  EXPECT_EQ(resealed.value().changed, 2U);
  EXPECT_EQ(reseal_settings(with_both).value().changed, 0U) << "again changes nothing";

  registry::Table table;
  const registry::Follower follower({}, *log_.log, only_new, table, clock_, metrics_);
  ASSERT_TRUE(table.wait_for("partner/gone", {1}, Milliseconds{30'000}));
  ASSERT_TRUE(table.wait_for("partner/acme", {1}, Milliseconds{30'000}));
  EXPECT_EQ(follower.unreadable(), 0U) << "nothing is left that needs the old key";
  EXPECT_EQ(table.current().find<Partner>("acme")->value->secrets.size(), 2U);
  EXPECT_TRUE(read_setting({*store_, *log_.log, only_new, table, clock_}, "partner/acme").value());
}

TEST_P(AdminSettings, OneThatCannotBeOpenedKeepsNoOtherWaitingAndADamagedOneIsMended) {
  const crypto::Sealer theirs(std::vector{std::string(32, 'x')});
  put("/v1/partners/damaged", kPartner);
  const auto spoil = [&](const std::string& key, std::string sealed) {
    auto batch = store_->begin();
    const TableKeys wanted[] = {{&table_of<SettingRow>(), {key}}};
    auto rows = batch.value()->load(wanted).value().front().rows;
    if (rows.empty())
      rows.push_back(
          {to_cells(SettingRow{key, "partner@default", false, {}}), 0, {clock_.now(), clock_.now(), "t"}});
    rows.front().cells.at(3) = std::move(sealed);
    ASSERT_TRUE(batch.value()->commit(std::vector<TableRows>{{&table_of<SettingRow>(), rows}}));
  };
  spoil("partner/damaged", "v1.damaged");
  spoil("partner/foreign", registry::seal_setting(theirs, "partner/foreign", {{1}, Partner{}}));
  spoil("partner/late",
        registry::seal_setting(sealer_, "partner/late", {{1}, Partner{"default", true, "github", {"s"}}}));
  SettingPublisherOptions options;
  options.grace = Milliseconds{0};
  options.table_is_filled = [&] { return follower_->ready(); };
  const auto looked = SettingPublisher(options, ports()).look();
  ASSERT_FALSE(looked);
  EXPECT_THAT(looked.error().detail, HasSubstr("partner/foreign"));
  EXPECT_EQ(get("/v1/partners/damaged").status, 200) << "the log had it";
  EXPECT_TRUE(table_.wait_for("partner/late", {1}, Milliseconds{30'000})) << "it was published";
  EXPECT_EQ(reseal_settings(ports()).value().unreadable, 1U);
  for (const Reply& reply : {put("/v1/partners/foreign", kPartner), get("/v1/partners/foreign"),
                             send("DELETE", "/v1/partners/foreign")}) {
    EXPECT_EQ(reply.status, 503) << "it may be well under its key";
    EXPECT_EQ(reply.type(), "master_key_missing");
    EXPECT_THAT(reply.head, HasSubstr("\r\nRetry-After: "));
  }
  const Reply listed = get("/v1/partners");
  ASSERT_EQ(listed.status, 200);
  EXPECT_EQ(listed.data().size(), 1U) << "the others of that org";
  ASSERT_EQ(listed["unreadable"].size(), 1U);
  EXPECT_EQ(text_of(listed["unreadable"].first()["setting"]), "partner/foreign");
  EXPECT_THAT(text_of(listed["unreadable"].first()["why"]), HasSubstr("not among the master keys"));
  spoil("partner/foreign", "v1.damaged");
  EXPECT_EQ(put("/v1/partners/foreign", kPartner).status, 200) << "what is damaged may be replaced";
}

INSTANTIATE_TEST_SUITE_P(Stores, AdminSettings, ::testing::Values("sqlite", "postgres"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace penstock
