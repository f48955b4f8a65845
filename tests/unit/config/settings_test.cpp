#include "common/config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/table.h"
#include "tests/unit/config/temporary_folder.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// 32 bytes of base64.
const std::string kMasterKey = "hunter2hunter2hunter2hunter2hunter2hunter2g=";
const std::string kOtherMasterKey = "otherhunter2hunter2hunter2hunter2hunter2huk=";

const Environment kIngress{{"PENSTOCK_LOG", "kafka://h:9092"},
                           {"PENSTOCK_MASTER_KEY", kMasterKey},
                           {"STRIPE_WEBHOOK_SECRET", "whsec_0123456789"}};
const Environment kAdmin{{"PENSTOCK_LOG", "kafka://h:9092"},
                         {"PENSTOCK_STORE", "postgresql://u:hunter2@h/db"},
                         {"PENSTOCK_MASTER_KEY", kMasterKey},
                         {"PENSTOCK_ADMIN_TOKEN", "0123456789abcdef"}};

Environment with(Environment environment, const std::string& name, const std::string& value) {
  environment[name] = value;
  return environment;
}

LoadedSettings load_ingress(const std::string& name, const std::string& value) {
  return Settings::load(Program::ingress, std::nullopt, with(kIngress, name, value));
}

LoadedSettings load_text(const std::string& toml, const Environment& environment = kIngress) {
  const TemporaryFolder folder;
  return Settings::load(Program::ingress, folder.write("penstock.toml", toml), environment);
}

LoadedSettings load_standalone(Environment environment) {
  environment.emplace("PENSTOCK_DATA_DIR", "/data");
  return Settings::load(Program::standalone, std::nullopt, environment);
}

TEST(SettingsLoad, DefaultsAreTheDocumentedOnes) {
  const auto loaded = Settings::load(Program::ingress, std::nullopt, kIngress);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(to_string(loaded.settings.listen), "127.0.0.1:8080");
  EXPECT_EQ(to_string(loaded.settings.admin_listen), "127.0.0.1:8081");
  EXPECT_EQ(loaded.settings.topic_prefix, "penstock.");
  EXPECT_EQ(loaded.settings.body_bytes_max, Bytes{512 * 1024});
  EXPECT_EQ(loaded.settings.stripe_tolerance, 300s);
  EXPECT_EQ(loaded.settings.stripe_mode, StripeMode::both);
  EXPECT_FALSE(loaded.settings.trust_connected_accounts);
  EXPECT_EQ(loaded.settings.payout_retry_schedule, (std::vector<Milliseconds>{1h, 6h, 24h}));
  EXPECT_EQ(loaded.settings.lookup_schedule, (std::vector<Milliseconds>{1s, 5s, 30s, 5min, 30min}));
  EXPECT_EQ(loaded.settings.inbox_retention, 35 * 24h);
  EXPECT_EQ(loaded.settings.ads_rate, 20);
  EXPECT_THAT(loaded.settings.trusted_proxies, IsEmpty());
}

TEST(SettingsLoad, EnvironmentWinsOverFile) {
  const std::string file = "[ingress]\nlisten = \"0.0.0.0:1\"\nmax_body = \"1MiB\"\n";
  const auto loaded = load_text(file, with(kIngress, "PENSTOCK_LISTEN", "[::1]:2"));
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(to_string(loaded.settings.listen), "[::1]:2");
  EXPECT_EQ(loaded.settings.body_bytes_max, Bytes{1024 * 1024});
}

TEST(SettingsLoad, FileTakesNumbersAndLists) {
  const auto loaded =
      load_text("[ingress]\nthreads = 3\n[worker]\npayout_retry_schedule = [\"1m\", \"2m\"]\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.settings.ingress_threads, 3);
  EXPECT_EQ(loaded.settings.payout_retry_schedule, (std::vector<Milliseconds>{1min, 2min}));
}

TEST(SettingsLoad, FileTakesBooleansAsTheyAreAndAsText) {
  for (const std::string spelled : {"true", "\"true\""}) {
    const auto loaded = load_text("[stripe]\ntrust_connected_accounts = " + spelled + "\n");
    EXPECT_THAT(loaded.problems, IsEmpty());
    EXPECT_TRUE(loaded.settings.trust_connected_accounts);
  }
  EXPECT_THAT(load_text("[stripe]\ntrust_connected_accounts = \"yes\"\n").problems,
              ElementsAre(HasSubstr("is not one of true, false")));
}

TEST(SettingsLoad, AListElementCannotSmuggleAComma) {
  EXPECT_THAT(load_text("[stripe]\nwebhook_secret = [\"a,b\"]\n").problems,
              ElementsAre(HasSubstr("stripe.webhook_secret")));
}

TEST(SettingsLoad, AllProblemsAreReportedAtOnce) {
  const TemporaryFolder folder;
  const auto file =
      folder.write("penstock.toml", "colour = 1\n[ingress]\nlisten = \"nowhere\"\nmax_body = true\n");
  const auto loaded =
      Settings::load(Program::ingress, file, {{"PENSTOCK_ACK_TIMEOUT", "soon"}, {"PENSTOCK_LISTN", "x:1"}});
  EXPECT_THAT(loaded.problems,
              testing::UnorderedElementsAre(
                  HasSubstr("colour: unknown"), HasSubstr(":3: ingress.listen:"),
                  HasSubstr("ingress.max_body:"), HasSubstr("PENSTOCK_ACK_TIMEOUT:"),
                  HasSubstr("PENSTOCK_LISTN: unknown"), HasSubstr("PENSTOCK_LOG: penstock-ingress needs"),
                  HasSubstr("PENSTOCK_MASTER_KEY: penstock-ingress needs"),
                  HasSubstr("STRIPE_WEBHOOK_SECRET: penstock-ingress needs")));
}

TEST(SettingsLoad, ATypoNamesTheNearestSetting) {
  EXPECT_THAT(load_ingress("PENSTOCK_LISTN", "127.0.0.1:1").problems,
              ElementsAre(HasSubstr("did you mean PENSTOCK_LISTEN?")));
  EXPECT_THAT(load_text("[ingress]\nlistn = \"127.0.0.1:1\"\n").problems,
              ElementsAre(HasSubstr("did you mean ingress.listen?")));
}

TEST(SettingsLoad, ANameLikeNoneGetsNoAdvice) {
  EXPECT_THAT(load_ingress("PENSTOCK_XYZZY", "1").problems, ElementsAre(Not(HasSubstr("did you mean"))));
}

TEST(SettingsLoad, AVariableThatIsNearlyOursIsAnErrorThatNamesOurs) {
  for (const char* name : {"STRIPE_WEBHOOK_SECRETS", "STRIPE_WEBHOOKS_SECRET", "STRIPE_WEB_HOOK_SECRET",
                           "STRIPE_WEBHOOK_SECERT", "Stripe_Webhook_Secret"})
    EXPECT_THAT(
        load_ingress(name, "whsec_hunter2hunter2").problems,
        ElementsAre(AllOf(HasSubstr(std::string(name) + ": is not read; did you mean STRIPE_WEBHOOK_SECRET?"),
                          Not(HasSubstr("hunter2")))));
  EXPECT_THAT(load_ingress("PENSTOK_LISTEN", "127.0.0.1:1").problems,
              ElementsAre(HasSubstr("did you mean PENSTOCK_LISTEN?")));
}

TEST(SettingsLoad, AVariableOfAnotherProgramIsItsOwn) {
  for (const char* name : {"STRIPE_API_KEY", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_SECRET",
                           "STRIPE_WEBHOOK_URL", "STRIPE_WEBHOOK_SECRET_FILE", "LISTEN", "LOG"})
    EXPECT_THAT(load_ingress(name, "sk_test_hunter2").problems, IsEmpty()) << name;
}

TEST(SettingsLoad, ProblemsOfAFileStandInTheOrderOfItsLines) {
  const auto loaded = load_text(
      "zebra = 1\n[worker]\nbatch_records = 0\n[ingress]\nlisten = \"nowhere\"\nack_timeout = \"soon\"\n"
      "[admin]\ntoken = true\n");
  EXPECT_THAT(loaded.problems,
              ElementsAre(HasSubstr(":1: zebra"), HasSubstr(":3: worker.batch_records"),
                          HasSubstr(":5: ingress.listen"), HasSubstr(":6: ingress.ack_timeout"),
                          HasSubstr(":8: admin.token")));
}

TEST(SettingsLoad, AFileThatCannotBeReadSaysWhy) {
  EXPECT_THAT(Settings::load(Program::ingress, "/", kIngress).problems,
              ElementsAre(HasSubstr("cannot be read: Is a directory")));
  EXPECT_THAT(Settings::load(Program::ingress, "/nonexistent/penstock.toml", kIngress).problems,
              ElementsAre(HasSubstr("cannot be read: No such file")));
}

TEST(SettingsLoad, AFileThatIsNoTomlIsAProblem) {
  EXPECT_THAT(load_text("[ingress\n").problems, ElementsAre(HasSubstr("no TOML: line 1")));
}

const Environment kGoogle{{"PENSTOCK_OAUTH_GOOGLE_ISSUER", "https://accounts.example.com"},
                          {"PENSTOCK_OAUTH_GOOGLE_CLIENT_ID", "penstock"},
                          {"PENSTOCK_OAUTH_GOOGLE_CLIENT_SECRET", "hunter2"}};
const Environment kGithub{{"PENSTOCK_OAUTH_MY_HUB_CLIENT_ID", "penstock"},
                          {"PENSTOCK_OAUTH_MY_HUB_CLIENT_SECRET", "hunter2"},
                          {"PENSTOCK_OAUTH_MY_HUB_AUTHORIZE_URL", "https://hub.example.com/authorize"},
                          {"PENSTOCK_OAUTH_MY_HUB_TOKEN_URL", "https://hub.example.com/token"},
                          {"PENSTOCK_OAUTH_MY_HUB_USERINFO_URL", "https://api.example.com/user"}};

LoadedSettings load_providers(Environment environment, Program program = Program::ingress) {
  environment.insert(kIngress.begin(), kIngress.end());
  return Settings::load(program, std::nullopt, environment);
}

TEST(SettingsProviders, AreNamedByTheirVariables) {
  auto both = kGoogle;
  both.insert(kGithub.begin(), kGithub.end());
  const auto loaded = load_providers(with(both, "PENSTOCK_OAUTH_GOOGLE_SCOPES", "openid email"));
  EXPECT_THAT(loaded.problems, IsEmpty());
  const auto& providers = loaded.settings.oauth_providers;
  ASSERT_EQ(providers.size(), 2U);
  EXPECT_EQ(providers.at("google").issuer, "https://accounts.example.com");
  EXPECT_THAT(providers.at("google").scopes, ElementsAre("openid", "email"));
  EXPECT_EQ(providers.at("my_hub").userinfo_url, "https://api.example.com/user");
  EXPECT_EQ(providers.at("my_hub").client_secret, "hunter2");
}

TEST(SettingsProviders, AreATableEachInTheFile) {
  const auto loaded = load_text(
      "[oauth.google]\nissuer = \"https://accounts.example.com\"\nclient_id = \"a\"\nscopes = [\"openid\", "
      "\"email\"]\n",
      with(kIngress, "PENSTOCK_OAUTH_GOOGLE_CLIENT_SECRET", "hunter2"));
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.settings.oauth_providers.at("google").scopes, ElementsAre("openid", "email"));
  EXPECT_EQ(loaded.settings.oauth_providers.at("google").client_secret, "hunter2");
}

TEST(SettingsProviders, TheirSecretsAreNeverShown) {
  const auto loaded = load_providers(kGoogle);
  std::map<std::string, std::string> sources;
  for (const SettingSource& each : loaded.sources) sources[each.key] = each.shown + " " + each.source;
  EXPECT_EQ(sources["oauth.google.client_secret"], "*** PENSTOCK_OAUTH_GOOGLE_CLIENT_SECRET");
  EXPECT_EQ(sources["oauth.google.client_id"], "penstock PENSTOCK_OAUTH_GOOGLE_CLIENT_ID");
}

TEST(SettingsProviders, OtherNamesAreUnknown) {
  for (const auto* name :
       {"PENSTOCK_OAUTH_GOOGLE_ISUER", "PENSTOCK_OAUTH__ISSUER", "PENSTOCK_OAUTH_ISSUER",
        "PENSTOCK_OAUTH_google_ISSUER", "PENSTOCK_OAUTH_1_ISSUER", "PENSTOCK_OAUTH_A-B_ISSUER",
        "PENSTOCK_OAUTH_A012345678901234567890123456789012_ISSUER"})
    EXPECT_THAT(load_ingress(name, "https://h").problems, ElementsAre(HasSubstr(": unknown setting")))
        << name;
  for (const auto* key : {"oauth.issuer", "oauth.google.isuer", "oauth.Google.issuer", "oauth.a.b.issuer"})
    EXPECT_THAT(load_text(std::string(key) + " = \"https://h\"\n").problems,
                ElementsAre(HasSubstr(": unknown setting")))
        << key;
}

TEST(SettingsProviders, HaveAnIssuerOrThreeUrls) {
  auto neither = kGithub;
  neither.erase("PENSTOCK_OAUTH_MY_HUB_TOKEN_URL");
  EXPECT_THAT(load_providers(neither).problems,
              ElementsAre(HasSubstr("PENSTOCK_OAUTH_MY_HUB_TOKEN_URL: is not set")));
  EXPECT_THAT(load_providers(with(kGithub, "PENSTOCK_OAUTH_MY_HUB_ISSUER", "https://h")).problems,
              ElementsAre(HasSubstr("beside an issuer"), HasSubstr("beside an issuer"),
                          HasSubstr("beside an issuer")));
  auto unknown = kGoogle;
  unknown.erase("PENSTOCK_OAUTH_GOOGLE_CLIENT_ID");
  EXPECT_THAT(load_providers(unknown).problems,
              ElementsAre(HasSubstr("PENSTOCK_OAUTH_GOOGLE_CLIENT_ID: is not set")));
}

TEST(SettingsProviders, AreAskedInCleartextWhereTheAddressIsAllowedAlone) {
  const auto with_issuer = [&](const std::string& url) {
    return with(kGoogle, "PENSTOCK_OAUTH_GOOGLE_ISSUER", url);
  };
  for (const auto* url : {"http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]"})
    EXPECT_THAT(load_providers(with_issuer(url)).problems, IsEmpty()) << url;
  for (const auto* url : {"http://accounts.example.com", "http://10.0.0.1", "http://localhost.example.com"})
    EXPECT_THAT(load_providers(with_issuer(url)).problems, ElementsAre(HasSubstr("is http://"))) << url;
  const auto allowed = [&](const std::string& url) {
    return load_providers(with(with_issuer(url), "PENSTOCK_ALLOW_HOSTS", "10.0.0.0/8")).problems;
  };
  EXPECT_THAT(allowed("http://10.0.0.1"), IsEmpty());
  EXPECT_THAT(allowed("http://idp.internal"), IsEmpty());  // judged where it leads to
  EXPECT_THAT(allowed("http://192.168.0.1"), ElementsAre(HasSubstr("is http://")));
}

TEST(SettingsProviders, KnowWhereToSendPeopleBackTo) {
  const auto any_port = with(kGoogle, "PENSTOCK_LISTEN", "127.0.0.1:0");
  EXPECT_THAT(load_providers(any_port).problems,
              ElementsAre(HasSubstr("PENSTOCK_PUBLIC_URL: is not set, and PENSTOCK_LISTEN leaves the port")));
  EXPECT_THAT(load_providers(with(any_port, "PENSTOCK_PUBLIC_URL", "https://h.example.com")).problems,
              IsEmpty());
  EXPECT_THAT(load_ingress("PENSTOCK_LISTEN", "127.0.0.1:0").problems, IsEmpty()) << "nobody signs in";
}

TEST(SettingsProviders, AppAndPublicUrlAreOneUnlessSet) {
  EXPECT_EQ(load_providers({}).settings.app_url, "http://127.0.0.1:8080");
  EXPECT_EQ(load_ingress("PENSTOCK_LISTEN", "0.0.0.0:9000").settings.public_url, "http://127.0.0.1:9000");
  EXPECT_EQ(load_ingress("PENSTOCK_PUBLIC_URL", "https://h.example.com/").settings.app_url,
            "https://h.example.com");
  EXPECT_EQ(load_ingress("PENSTOCK_APP_URL", "https://app.example.com").settings.app_url,
            "https://app.example.com");
  EXPECT_THAT(load_providers(with(kGoogle, "PENSTOCK_PUBLIC_URL", "http://h.example.com")).warnings,
              ElementsAre(HasSubstr("PENSTOCK_PUBLIC_URL")));
}

TEST(SettingsLoad, WhatTestsAndKubernetesSetIsNobodysTypo) {
  for (const auto& [name, value] : Environment{{"PENSTOCK_TEST_KAFKA", "x"},
                                               {"PENSTOCK_SERVICE_HOST", "10.0.0.1"},
                                               {"PENSTOCK_SERVICE_PORT_HTTP", "80"},
                                               {"PENSTOCK_PORT", "tcp://10.0.0.1:80"},
                                               {"PENSTOCK_ADMIN_PORT_8081_TCP_ADDR", "10.0.0.1"}})
    EXPECT_THAT(load_ingress(name, value).problems, IsEmpty()) << name;
  EXPECT_THAT(load_ingress("PENSTOCK_PORT", "8080").problems, Not(IsEmpty()));
}

TEST(SettingsLoad, BoundsAreInclusive) {
  EXPECT_THAT(load_ingress("PENSTOCK_INBOX_RETENTION", "35d").problems, IsEmpty());
  EXPECT_THAT(load_ingress("PENSTOCK_INBOX_RETENTION", "34d").problems,
              ElementsAre("PENSTOCK_INBOX_RETENTION: is less than 35d"));
  EXPECT_THAT(load_ingress("PENSTOCK_MAX_BODY", "16MiB").problems, IsEmpty());
  EXPECT_THAT(load_ingress("PENSTOCK_MAX_BODY", "17MiB").problems,
              ElementsAre(HasSubstr("is more than 16MiB")));
  EXPECT_THAT(load_ingress("PENSTOCK_PAYOUT_RETRY_SCHEDULE", "1h,365d").problems, IsEmpty());
  EXPECT_THAT(load_ingress("PENSTOCK_PAYOUT_RETRY_SCHEDULE", "366d,1h").problems,
              ElementsAre("PENSTOCK_PAYOUT_RETRY_SCHEDULE: is more than 365d"));
  EXPECT_THAT(load_ingress("PENSTOCK_LOOKUP_SCHEDULE", "100ms,1d").problems, IsEmpty());
  EXPECT_THAT(load_ingress("PENSTOCK_LOOKUP_SCHEDULE", "1s,25h").problems,
              ElementsAre("PENSTOCK_LOOKUP_SCHEDULE: is more than 1d"));
  EXPECT_THAT(load_ingress("PENSTOCK_LOOKUP_SCHEDULE", "soon").problems, Not(IsEmpty()));
}

TEST(SettingsLoad, EveryDefaultIsWithinItsOwnBounds) {
  for (const Setting& row : setting_table()) {
    Settings settings;
    for (const std::string_view text : {row.fallback, row.example}) {
      EXPECT_TRUE(text.empty() || row.assign(row, settings, text)) << row.key;
    }
  }
}

TEST(SettingsLoad, NoTextOfASecretIsEverRepeated) {
  const Environment bad{
      {"STRIPE_WEBHOOK_SECRET", " hunter2"},    {"PENSTOCK_ADMIN_TOKEN", "hunter2"},
      {"PENSTOCK_MASTER_KEY", "hunter2"},       {"PENSTOCK_STORE", "mysql://u:hunter2@h/db"},
      {"PENSTOCK_REDIS", "redis://:hunter2@h"}, {"PENSTOCK_LOG", "kafka://u:hunter2@h"}};
  for (const auto& environment : {bad, kAdmin}) {
    const auto loaded = Settings::load(Program::admin, std::nullopt, environment);
    EXPECT_THAT(loaded.problems, Each(Not(HasSubstr("hunter2"))));
    for (const SettingSource& each : loaded.sources)
      EXPECT_THAT(each.shown, Not(HasSubstr("hunter2"))) << each.key;
  }
}

TEST(SettingsLoad, SourcesSayWhereAValueCameFrom) {
  const auto loaded = load_text("[ingress]\nthreads = 3\n");
  const auto source = [&](std::string_view key) {
    for (const SettingSource& each : loaded.sources)
      if (each.key == key) return each.shown + " " + each.source;
    return std::string();
  };
  EXPECT_EQ(source("ingress.threads"), "3 file");
  EXPECT_EQ(source("ingress.listen"), "127.0.0.1:8080 default");
  EXPECT_EQ(source("stripe.webhook_secret"), "*** STRIPE_WEBHOOK_SECRET");
}

TEST(SettingsChecks, EachProgramSaysWhatItNeeds) {
  const auto missing = [](Program program) { return Settings::load(program, std::nullopt, {}).problems; };
  EXPECT_THAT(missing(Program::ingress),
              ElementsAre(HasSubstr("PENSTOCK_LOG"), HasSubstr("PENSTOCK_MASTER_KEY"),
                          HasSubstr("STRIPE_WEBHOOK_SECRET")));
  EXPECT_THAT(missing(Program::worker), ElementsAre(HasSubstr("PENSTOCK_LOG"), HasSubstr("PENSTOCK_STORE")));
  EXPECT_THAT(missing(Program::migrate), ElementsAre(HasSubstr("PENSTOCK_LOG"), HasSubstr("PENSTOCK_STORE")));
  EXPECT_THAT(missing(Program::admin),
              ElementsAre(HasSubstr("PENSTOCK_LOG"), HasSubstr("PENSTOCK_STORE"),
                          HasSubstr("PENSTOCK_MASTER_KEY"), HasSubstr("PENSTOCK_ADMIN_TOKEN")));
}

TEST(SettingsChecks, AnEmptyStripeSecretIsNeverAccepted) {
  for (const char* text : {"", "whsec_0123456789,,b", ","})
    EXPECT_THAT(load_standalone({{"STRIPE_WEBHOOK_SECRET", text}}).problems,
                ElementsAre(HasSubstr("empty secret")))
        << text;
}

TEST(SettingsChecks, MasterKeysAreThirtyTwoBytesEachAndTheFirstOneStaysFirst) {
  const auto loaded = load_ingress("PENSTOCK_MASTER_KEY", kOtherMasterKey + "," + kMasterKey);
  EXPECT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.settings.master_keys.size(), 2U);
  for (const auto& key : loaded.settings.master_keys) EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(loaded.settings.master_keys[1],
            load_ingress("PENSTOCK_MASTER_KEY", kMasterKey).settings.master_keys[0]);
}

TEST(SettingsChecks, WhatIsNoMasterKeySaysHowToMakeOne) {
  for (const std::string& text : {std::string(), std::string("hunter2"), kMasterKey + ",", " " + kMasterKey,
                                  kMasterKey.substr(4), "hunt" + kMasterKey, kMasterKey.substr(0, 43)})
    EXPECT_THAT(load_ingress("PENSTOCK_MASTER_KEY", text).problems,
                ElementsAre(AllOf(HasSubstr("PENSTOCK_MASTER_KEY: "), HasSubstr("openssl rand -base64 32"),
                                  Not(HasSubstr("hunter2")))))
        << text;
  EXPECT_THAT(load_ingress("PENSTOCK_MASTER_KEY", kMasterKey + "," + kMasterKey).problems,
              ElementsAre("PENSTOCK_MASTER_KEY: has one key twice"));
}

TEST(SettingsChecks, FourMasterKeysAreEnoughForAnyRotation) {
  std::string keys = kMasterKey;
  for (const char* digit : {"1", "2", "3"}) keys += "," + (digit + kMasterKey.substr(1));
  EXPECT_THAT(load_ingress("PENSTOCK_MASTER_KEY", keys).problems, IsEmpty());
  EXPECT_THAT(load_ingress("PENSTOCK_MASTER_KEY", keys + "," + kOtherMasterKey).problems,
              ElementsAre(HasSubstr("more than 4 keys")));
}

TEST(SettingsChecks, AnotherKeyThanASigningSecretIsSaidToBeThat) {
  const std::pair<const char*, const char*> keys[] = {
      {"sk_live_hunter2hunter2", "a secret API key (sk_…)"},
      {"rk_test_hunter2hunter2", "a restricted API key (rk_…)"},
      {"pk_test_hunter2hunter2", "a publishable API key (pk_…)"},
      {"acct_hunter2hunter2", "an account's id (acct_…)"},
      {"we_hunter2hunter2", "an endpoint's id (we_…)"},
      {"whsec_hunter2", "cut off"},
      {"hunter2", "fewer than 16 characters"},
      {"'whsec_hunter2hunter2'", "quotation marks"},
      {"whsec_0123456789,sk_live_hunter2hunter2", "sk_…"}};
  for (const auto& [secret, says] : keys)
    EXPECT_THAT(
        load_ingress("STRIPE_WEBHOOK_SECRET", secret).problems,
        ElementsAre(AllOf(HasSubstr("STRIPE_WEBHOOK_SECRET: "), HasSubstr(says), Not(HasSubstr("hunter2")))))
        << says;
}

TEST(SettingsChecks, ASigningSecretWithoutItsPrefixIsWarnedAbout) {
  const auto loaded = load_ingress("STRIPE_WEBHOOK_SECRET", "hunter2hunter2hunter2");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(AllOf(HasSubstr("STRIPE_WEBHOOK_SECRET"), HasSubstr("whsec_"),
                                                 Not(HasSubstr("hunter2")))));
  EXPECT_THAT(load_ingress("STRIPE_WEBHOOK_SECRET", "whsec_0123456789").warnings, IsEmpty());
}

TEST(SettingsChecks, BothModesAtOnceAreWarnedAboutWhereEventsHaveEffects) {
  EXPECT_THAT(load_standalone({}).warnings, ElementsAre(HasSubstr("PENSTOCK_STRIPE_MODE: is both")));
  EXPECT_THAT(load_standalone({{"PENSTOCK_STRIPE_MODE", "live"}}).warnings, IsEmpty());
  EXPECT_THAT(Settings::load(Program::worker, std::nullopt, kAdmin).warnings,
              ElementsAre(HasSubstr("PENSTOCK_STRIPE_MODE")));
  EXPECT_THAT(load_ingress("PENSTOCK_STRIPE_MODE", "both").warnings, IsEmpty());
}

// What lies behind a file can be entered by nobody, not even by the superuser.
TEST(SettingsChecks, ADataFolderThatMayNotBeEnteredIsSaidToBeThat) {
  const TemporaryFolder folder;
  const auto below = folder.write("file", "") / "data";
  EXPECT_THAT(load_standalone({{"PENSTOCK_DATA_DIR", below.string()}}).problems,
              ElementsAre(AllOf(HasSubstr("PENSTOCK_DATA_DIR: " + below.string() + " cannot be entered"),
                                HasSubstr("Not a directory"), Not(HasSubstr("one file")))));
  EXPECT_THAT(load_standalone({{"PENSTOCK_DATA_DIR", (folder.path() / "new").string()}}).problems, IsEmpty());
}

TEST(SettingsChecks, AFileThatCannotBeReachedNamesItsSetting) {
  const TemporaryFolder folder;
  const auto loop = folder.path() / "loop";
  std::filesystem::create_symlink(loop, loop);
  EXPECT_THAT(load_standalone({{"PENSTOCK_LOG", "sqlite:" + (loop / "log.db").string()}}).problems,
              ElementsAre(AllOf(HasSubstr("PENSTOCK_LOG: "), HasSubstr("cannot be reached"))));
}

TEST(SettingsChecks, SqliteServesOneProcessOnly) {
  const auto loaded =
      Settings::load(Program::worker, std::nullopt,
                     {{"PENSTOCK_LOG", "sqlite:log.db"}, {"PENSTOCK_STORE", "sqlite:state.db"}});
  EXPECT_THAT(loaded.problems, ElementsAre(AllOf(HasSubstr("PENSTOCK_LOG"), HasSubstr("kafka://")),
                                           AllOf(HasSubstr("PENSTOCK_STORE"), HasSubstr("postgresql://"))));
}

TEST(SettingsChecks, LogAndStoreAreDifferentFiles) {
  EXPECT_THAT(
      load_standalone({{"PENSTOCK_LOG", "sqlite:/data/x/../a.db"}, {"PENSTOCK_STORE", "sqlite:/data/a.db"}})
          .problems,
      ElementsAre(HasSubstr("one file")));
  EXPECT_THAT(
      load_standalone({{"PENSTOCK_LOG", "sqlite:/data/a.db"}, {"PENSTOCK_STORE", "sqlite:/data/b.db"}})
          .problems,
      IsEmpty());
}

TEST(SettingsChecks, NoMoreReplicasMustBeInSyncThanThereAre) {
  const auto problems = [](const char* replicas, const char* in_sync) {
    return load_standalone({{"PENSTOCK_KAFKA_REPLICATION", replicas}, {"PENSTOCK_KAFKA_MIN_INSYNC", in_sync}})
        .problems;
  };
  EXPECT_THAT(problems("2", "3"), ElementsAre(HasSubstr("PENSTOCK_KAFKA_MIN_INSYNC")));
  EXPECT_THAT(problems("3", "3"), IsEmpty());
  EXPECT_THAT(problems("0", "3"), IsEmpty()) << "decided with the brokers";
}

TEST(SettingsChecks, TheAdminListenerHasItsOwnAddress) {
  EXPECT_THAT(load_standalone({{"PENSTOCK_LISTEN", "127.0.0.1:1"}, {"PENSTOCK_ADMIN_LISTEN", "127.0.0.1:1"}})
                  .problems,
              ElementsAre(HasSubstr("one address")));
  EXPECT_THAT(load_standalone({{"PENSTOCK_LISTEN", "127.0.0.1:0"}, {"PENSTOCK_ADMIN_LISTEN", "127.0.0.1:0"}})
                  .problems,
              IsEmpty());
}

TEST(Standalone, NeedsNoSettingAtAll) {
  const auto loaded = load_standalone({});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.settings.log, LogUrl{SqliteUrl{"/data/log.db"}});
  EXPECT_EQ(loaded.settings.store, StoreUrl{SqliteUrl{"/data/state.db"}});
}

TEST(Standalone, HonoursTheRealServers) {
  const auto loaded = load_standalone(kAdmin);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.settings.log, LogUrl{KafkaUrl{"h:9092"}});
}

TEST(Standalone, ARefusedUrlIsNotReplacedInSilence) {
  EXPECT_THAT(load_standalone({{"PENSTOCK_LOG", "nonsense"}}).problems,
              ElementsAre(HasSubstr("PENSTOCK_LOG")));
}

TEST(Send, ReadsWhatTheRunningProgramWasGivenAndNeedsNothing) {
  const auto loaded = Settings::load(Program::send, std::nullopt, {{"PENSTOCK_DATA_DIR", "/data"}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.settings.data_dir, "/data");
}

TEST(DefaultDataDir, FollowsTheUser) {
  EXPECT_EQ(default_data_dir({{"HOME", "/home/u"}}, true), "/var/lib/penstock");
  EXPECT_EQ(default_data_dir({{"HOME", "/home/u"}}, false), "/home/u/.local/share/penstock");
  EXPECT_EQ(default_data_dir({{"HOME", "/home/u"}, {"XDG_DATA_HOME", "/d"}}, false), "/d/penstock");
  EXPECT_EQ(default_data_dir({{"HOME", ""}}, false), std::nullopt);
}

}  // namespace
}  // namespace penstock
