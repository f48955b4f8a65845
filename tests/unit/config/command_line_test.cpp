#include "common/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/unit/config/temporary_folder.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const CommandLineSpec kWorker{.program = Program::worker,
                              .purpose = "Applies events.",
                              .options = {{"--pool", "NAME[,NAME…]", "The pools to run", true}},
                              .subcommands = {}};
const CommandLineSpec kAdmin{.program = Program::admin,
                             .purpose = "Serves the admin API.",
                             .options = {},
                             .subcommands = {{"migrate", "Creates the schema", Program::migrate}}};
const CommandLineSpec kStandalone{.program = Program::standalone,
                                  .purpose = "All in one.",
                                  .options = {},
                                  .subcommands = {{"send",
                                                   "Sends events",
                                                   Program::send,
                                                   {{"TYPE", "", "What to send"},
                                                    {"--set", "NAME=VALUE", "A change", false, true},
                                                    {"--to", "URL", "Where to"},
                                                    {"--repeat", "", "Again"}}}}};

struct Said {
  std::variant<Invocation, int> answer;
  std::string out;
  std::string err;

  std::optional<int> exit_code() const {
    const int* code = std::get_if<int>(&answer);
    return code == nullptr ? std::nullopt : std::optional<int>(*code);
  }
};

Said run(const CommandLineSpec& spec, std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "/some/where/program");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  auto answer = read_command_line(spec, static_cast<int>(arguments.size()), arguments.data());
  return {std::move(answer), testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

// The variables of one test, taken back after it; none of whoever runs the tests.
class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, value] : current_environment())
      if (name.starts_with("PENSTOCK_") || name == "STRIPE_WEBHOOK_SECRET") ::unsetenv(name.c_str());
  }
  void set(const char* name, const char* value) {
    ::setenv(name, value, 1);
    names_.push_back(name);
  }
  void set_servers() {
    set("PENSTOCK_LOG", "kafka://127.0.0.1:1");
    set("PENSTOCK_STORE", "postgresql://u:hunter2@127.0.0.1/db");
  }
  void TearDown() override {
    for (const char* name : names_) ::unsetenv(name);
  }

 private:
  std::vector<const char*> names_;
};

TEST_F(CommandLine, HelpAndVersionGoToStdoutAndExitZero) {
  const auto help = run(kWorker, {"--help"});
  EXPECT_EQ(help.exit_code(), 0);
  EXPECT_THAT(help.out,
              AllOf(HasSubstr("penstock-worker"), HasSubstr("--pool"), HasSubstr("--check-config")));
  const auto version = run(kWorker, {"--version"});
  EXPECT_EQ(version.exit_code(), 0);
  EXPECT_THAT(version.out, testing::StartsWith("penstock-worker "));
}

TEST_F(CommandLine, HelpConfigHasThreeForms) {
  EXPECT_THAT(run(kWorker, {"--help-config"}).out, HasSubstr("PENSTOCK_LISTEN  (ingress.listen)"));
  EXPECT_THAT(run(kWorker, {"--help-config=toml"}).out, HasSubstr("[ingress]"));
  EXPECT_THAT(run(kWorker, {"--help-config=markdown"}).out, HasSubstr("# Configuration"));
  EXPECT_EQ(run(kWorker, {"--help-config=yaml"}).exit_code(), kExitUsage);
}

TEST_F(CommandLine, BadUsageExitsTwo) {
  set_servers();
  for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
           {"--pol", "x"}, {"--pool"}, {"stray"}, {"--config"}, {"--config", "/nonexistent"}}) {
    const auto said = run(kWorker, arguments);
    EXPECT_EQ(said.exit_code(), kExitUsage) << arguments.front();
    EXPECT_THAT(said.err, Not(IsEmpty()));
    EXPECT_THAT(said.out, IsEmpty());
  }
}

TEST_F(CommandLine, EveryProblemIsOnALineOfItsOwn) {
  set("PENSTOCK_LISTEN", "nowhere");
  const auto said = run(kWorker, {});
  EXPECT_EQ(said.exit_code(), kExitUsage);
  EXPECT_EQ(std::count(said.err.begin(), said.err.end(), '\n'), 4) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("penstock-worker: --pool NAME[,NAME…]: is needed"),
                              HasSubstr("penstock-worker: PENSTOCK_LISTEN:"),
                              HasSubstr("penstock-worker: PENSTOCK_LOG:"),
                              HasSubstr("penstock-worker: PENSTOCK_STORE:")));
}

TEST_F(CommandLine, OptionsReachTheProgram) {
  set_servers();
  const auto said = run(kWorker, {"--pool", "payments,payouts"});
  ASSERT_EQ(said.exit_code(), std::nullopt) << said.err;
  EXPECT_EQ(std::get<Invocation>(said.answer).option("--pool"), "payments,payouts");
}

TEST_F(CommandLine, ASubcommandHasItsOwnNeeds) {
  set_servers();
  EXPECT_EQ(run(kAdmin, {}).exit_code(), kExitUsage) << "no admin token";
  const auto said = run(kAdmin, {"migrate"});
  ASSERT_EQ(said.exit_code(), std::nullopt) << said.err;
  EXPECT_EQ(std::get<Invocation>(said.answer).subcommand, "migrate");
}

TEST_F(CommandLine, CommonFlagsMayFollowASubcommand) {
  set_servers();
  EXPECT_EQ(run(kAdmin, {"migrate", "--check-config"}).exit_code(), 0);
}

TEST_F(CommandLine, ASubcommandHasItsOwnArgumentsAndOptions) {
  const auto said = run(kStandalone, {"send", "--set", "a=1", "payout.paid", "--repeat", "--set", "b=x y"});
  ASSERT_EQ(said.exit_code(), std::nullopt) << said.err;
  const auto& invocation = std::get<Invocation>(said.answer);
  EXPECT_EQ(invocation.option("TYPE"), "payout.paid");
  EXPECT_EQ(invocation.option("--repeat"), "true");
  EXPECT_EQ(invocation.option("--to"), std::nullopt);
  EXPECT_EQ(invocation.options.at("--set"), (std::vector<std::string>{"a=1", "b=x y"}));
  EXPECT_THAT(said.err, IsEmpty());
}

TEST_F(CommandLine, BadUsageOfASubcommandExitsTwo) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"send", "a", "b"},
                                             {"send", "--set"},
                                             {"send", "--to", "x", "--to", "y"},
                                             {"--set", "a=1"},
                                             {"send", "--nonsense"}})
    EXPECT_EQ(run(kStandalone, arguments).exit_code(), kExitUsage) << arguments.back();
}

TEST_F(CommandLine, HelpAfterASubcommandIsAboutIt) {
  const auto help = run(kStandalone, {"send", "--help"});
  EXPECT_EQ(help.exit_code(), 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("TYPE"), HasSubstr("--set"), HasSubstr("NAME=VALUE")));
}

TEST_F(CommandLine, CheckConfigShowsWhatIsInForceWithoutSecrets) {
  set_servers();
  set("PENSTOCK_ADMIN_TOKEN", "hunter2hunter2hunter2");
  set("PENSTOCK_MASTER_KEY", "hunter2hunter2hunter2hunter2hunter2hunter2g=");
  const auto said = run(kAdmin, {"--check-config"});
  EXPECT_EQ(said.exit_code(), 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("admin.token = \"***\"  # PENSTOCK_ADMIN_TOKEN\n"),
                              HasSubstr("master_key = \"***\"  # PENSTOCK_MASTER_KEY\n"),
                              HasSubstr("store = \"postgresql://u:***@127.0.0.1/db\"  # PENSTOCK_STORE\n"),
                              HasSubstr("ingress.listen = \"127.0.0.1:8080\"  # default\n"),
                              Not(HasSubstr("hunter2"))));
}

TEST_F(CommandLine, CheckConfigCreatesNothing) {
  const TemporaryFolder folder;
  const auto data = folder.path() / "data";
  set("PENSTOCK_DATA_DIR", data.c_str());
  EXPECT_EQ(run(kStandalone, {"--check-config"}).exit_code(), 0);
  EXPECT_FALSE(std::filesystem::exists(data));
}

TEST_F(CommandLine, TheFileOfConfigIsRead) {
  const TemporaryFolder folder;
  const auto file =
      folder.write("penstock.toml", "data_dir = \"/data\"\n[ingress]\nlisten = \"127.0.0.1:1\"\n");
  const auto said = run(kStandalone, {"--config", file.c_str()});
  ASSERT_EQ(said.exit_code(), std::nullopt) << said.err;
  EXPECT_EQ(std::get<Invocation>(said.answer).settings.listen.port, 1);
}

TEST_F(CommandLine, CheckConfigShowsTheWarningsToo) {
  set("PENSTOCK_DATA_DIR", "/data");
  const auto said = run(kStandalone, {"--check-config"});
  EXPECT_EQ(said.exit_code(), 0);
  EXPECT_THAT(said.err, HasSubstr("warning: PENSTOCK_STRIPE_MODE: is both"));
}

TEST_F(CommandLine, AWarningIsLogged) {
  set("PENSTOCK_DATA_DIR", "/data");
  EXPECT_THAT(run(kStandalone, {}).err, HasSubstr("PENSTOCK_STRIPE_MODE: is both"));
}

}  // namespace
}  // namespace penstock
