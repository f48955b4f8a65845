#include "common/config/command_line.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "common/config/documents.h"
#include "common/core/check.h"

namespace penstock {
namespace {

struct HelpForm {
  std::string_view name;
  std::string (*write)();
};

constexpr std::array<HelpForm, 3> kHelpForms{
    {{"text", settings_help}, {"toml", settings_toml}, {"markdown", settings_markdown}}};

// What the arguments said, before any setting is read.
struct Arguments {
  std::optional<std::filesystem::path> config_file;
  std::optional<std::string> help_form;
  const Listing* listing = nullptr;
  bool check_config = false;
  std::string subcommand;
  std::map<std::string, std::vector<std::string>, std::less<>> options;
};

void say(std::FILE* stream, const std::string& text) { std::fwrite(text.data(), 1, text.size(), stream); }

void add_common(CLI::App& app, const std::string& program) {
  app.set_help_flag("--help", "Say this and exit");
  app.set_version_flag("--version", program + " " + PENSTOCK_VERSION, "Say the version and exit");
  app.add_option("--config", "Read settings from this TOML file; the environment overrides it")
      ->type_name("FILE");
  app.add_flag("--check-config")->description("Check the settings, print those in force and exit");
  app.add_option("--help-config", "Describe every setting and exit; as text, toml or markdown")
      ->type_name("[FORM]")
      ->expected(0, 1)
      ->default_str("text")
      ->check(CLI::IsMember({"text", "toml", "markdown"}));
}

void add_options(CLI::App& app, const std::vector<CommandOption>& options) {
  for (const CommandOption& option : options) {
    if (option.flag.starts_with('-') && option.value_name.empty()) {
      app.add_flag(option.flag)->description(option.help);
      continue;
    }
    auto* added = app.add_option(option.flag, option.help)->type_name(option.value_name);
    if (option.repeatable) added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

void add_own(CLI::App& app, const CommandLineSpec& spec) {
  for (const Listing& listing : spec.listings) app.add_flag(listing.flag)->description(listing.help);
  add_options(app, spec.options);
  for (const Subcommand& each : spec.subcommands) {
    CLI::App* subcommand = app.add_subcommand(each.name, each.help)->fallthrough();
    subcommand->set_help_flag();
    add_options(*subcommand, each.options);
  }
  app.require_subcommand(0, 1);
}

void gather_options(const CLI::App& app, const std::vector<CommandOption>& options, Arguments& arguments) {
  for (const CommandOption& option : options)
    if (app.count(option.flag) > 0) arguments.options[option.flag] = app[option.flag]->results();
}

const Subcommand* find_subcommand(const CommandLineSpec& spec, std::string_view name) {
  for (const Subcommand& each : spec.subcommands)
    if (each.name == name) return &each;
  return nullptr;
}

Arguments gather(const CLI::App& app, const CommandLineSpec& spec) {
  Arguments arguments;
  if (app.count("--config") > 0) arguments.config_file = app["--config"]->as<std::string>();
  if (app.count("--help-config") > 0) arguments.help_form = app["--help-config"]->as<std::string>();
  for (const Listing& listing : spec.listings)
    if (app.count(listing.flag) > 0) arguments.listing = &listing;
  arguments.check_config = app.count("--check-config") > 0;
  gather_options(app, spec.options, arguments);
  for (const CLI::App* chosen : app.get_subcommands()) {
    arguments.subcommand = chosen->get_name();
    gather_options(*chosen, find_subcommand(spec, arguments.subcommand)->options, arguments);
  }
  return arguments;
}

std::string help_text(const std::string& form) {
  for (const HelpForm& each : kHelpForms)
    if (each.name == form) return each.write();
  CHECK(false);
}

std::vector<std::string> missing_options(const CommandLineSpec& spec, const Arguments& arguments) {
  std::vector<std::string> problems;
  const Subcommand* subcommand = find_subcommand(spec, arguments.subcommand);
  for (const CommandOption& option : subcommand != nullptr ? subcommand->options : spec.options)
    if (option.required && !arguments.options.contains(option.flag))
      problems.push_back(option.flag + " " + option.value_name + ": is needed");
  return problems;
}

int refuse(const std::string& program, const std::vector<std::string>& problems) {
  for (const std::string& problem : problems)
    std::fprintf(stderr, "%s: %s\n", program.c_str(), problem.c_str());
  return kExitUsage;
}

std::string in_force(const LoadedSettings& loaded) {
  std::string text;
  for (const SettingSource& each : loaded.sources)
    text.append(each.key)
        .append(" = \"")
        .append(each.shown)
        .append("\"  # ")
        .append(each.source)
        .append("\n");
  return text;
}

void start_logging(const LoadedSettings& loaded) {
  log::configure(loaded.settings.log_level, loaded.settings.log_format);
  for (const std::string& warning : loaded.warnings)
    log::warn("look at this setting", {{"setting", warning}});
}

std::variant<Invocation, int> carry_out(const CommandLineSpec& spec, Arguments arguments) {
  if (arguments.help_form) return say(stdout, help_text(*arguments.help_form)), 0;
  if (arguments.listing != nullptr) return say(stdout, arguments.listing->text()), 0;
  const Subcommand* subcommand = find_subcommand(spec, arguments.subcommand);
  const Program program = subcommand != nullptr ? subcommand->program : spec.program;
  LoadedSettings loaded = Settings::load(program, arguments.config_file, current_environment());
  std::vector<std::string> problems = missing_options(spec, arguments);
  if (arguments.check_config) problems.clear();
  problems.insert(problems.end(), loaded.problems.begin(), loaded.problems.end());
  if (!problems.empty()) return refuse(std::string(to_string(program)), problems);
  if (arguments.check_config) {
    for (const std::string& warning : loaded.warnings) say(stderr, "warning: " + warning + "\n");
    return say(stdout, in_force(loaded)), 0;
  }
  start_logging(loaded);
  return Invocation{std::move(loaded.settings), std::move(arguments.subcommand),
                    std::move(arguments.options)};
}

}  // namespace

std::optional<std::string> Invocation::option(std::string_view flag) const {
  const auto given = options.find(flag);
  return given == options.end() ? std::nullopt : std::optional(given->second.front());
}

std::variant<Invocation, int> read_command_line(const CommandLineSpec& spec, int argc,
                                                const char* const* argv) {
  const std::string program(to_string(spec.program));
  CLI::App app(spec.purpose, program);
  add_common(app, program);
  add_own(app, spec);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return refuse(program, {error.what(), "--help says what there is"});
  }
  return carry_out(spec, gather(app, spec));
}

}  // namespace penstock
