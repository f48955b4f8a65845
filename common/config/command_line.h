// The command line that all programs have in common. What it says and how it exits is the contract's:
//   --help --version --help-config[=text|toml|markdown] --check-config   answer on stdout, exit 0
//   bad usage or settings                                               every problem on stderr, exit 2
#pragma once

#include <functional>
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
  std::string flag;        // "--pool"; without dashes it is the name of an argument that stands by itself
  std::string value_name;  // "NAME[,NAME…]"; empty for a flag that takes no value
  std::string help;
  bool required = false;
  bool repeatable = false;
};

// A word that makes the program do something else: "migrate".
struct Subcommand {
  std::string name;
  std::string help;
  Program program;  // whose settings it needs
  std::vector<CommandOption> options = {};
};

// A flag that is answered with a text on stdout, whatever the settings are.
struct Listing {
  std::string flag;  // "--list-pools"
  std::string help;
  std::function<std::string()> text;
};

struct CommandLineSpec {
  Program program;
  std::string purpose;  // one sentence for --help
  std::vector<CommandOption> options;
  std::vector<Subcommand> subcommands;
  std::vector<Listing> listings = {};
};

struct Invocation {
  // The value that was given with the flag, the first of several; nullopt: the flag was not given.
  std::optional<std::string> option(std::string_view flag) const;

  Settings settings;
  std::string subcommand;  // empty: none was given
  // Those that were given, by flag, with their values in order; for a flag without a value "true".
  std::map<std::string, std::vector<std::string>, std::less<>> options;
};

// Reads the arguments, the file of --config and the environment. The answer is what to run with,
// or the code to exit with, everything having been said. With an Invocation, logging is
// configured and the warnings are logged.
//
//   auto start = read_command_line(kSpec, argc, argv);
//   if (const int* code = std::get_if<int>(&start)) return *code;
std::variant<Invocation, int> read_command_line(const CommandLineSpec& spec, int argc,
                                                const char* const* argv);

}  // namespace penstock
