// The command line that all programs have in common. What it says and how it exits is the contract's:
//   --help --version --help-config[=text|toml|markdown] --check-config   answer on stdout, exit 0
//   bad usage or settings                                               every problem on stderr, exit 2
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config/settings.h"

namespace penstock {

constexpr int kExitUsage = 2;

// `--flag VALUE`.
struct CommandOption {
  std::string flag;        // "--pool"
  std::string value_name;  // "NAME[,NAME…]"
  std::string help;
  bool required = false;
};

// A word that makes the program do something else: "migrate".
struct Subcommand {
  std::string name;
  std::string help;
  Program program;  // whose settings it needs
};

struct CommandLineSpec {
  Program program;
  std::string purpose;  // one sentence for --help
  std::vector<CommandOption> options;
  std::vector<Subcommand> subcommands;
};

struct Invocation {
  Settings settings;
  std::string subcommand;                                   // empty: none was given
  std::map<std::string, std::string, std::less<>> options;  // those that were given, by flag
};

// Reads the arguments, the file of --config and the environment. The answer is what to run with, or the code
// to exit with, everything having been said. With an Invocation, logging is configured and the warnings are
// logged.
//
//   auto start = read_command_line(kSpec, argc, argv);
//   if (const int* code = std::get_if<int>(&start)) return *code;
std::variant<Invocation, int> read_command_line(const CommandLineSpec& spec, int argc,
                                                const char* const* argv);

}  // namespace penstock
