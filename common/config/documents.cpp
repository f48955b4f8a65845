#include "common/config/documents.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "common/config/table.h"

namespace penstock {
namespace {

// Those that run; what `penstock send` reads is what the program that it posts to was given.
constexpr std::array kPrograms{Program::ingress, Program::worker, Program::admin, Program::migrate,
                               Program::standalone};

// "all", or the names.
std::string names(const Programs& programs) {
  if (std::all_of(kPrograms.begin(), kPrograms.end(), [&](Program each) { return programs.has(each); }))
    return "all";
  std::string text;
  for (const Program program : kPrograms)
    if (programs.has(program)) text += (text.empty() ? "" : ", ") + std::string(to_string(program));
  return text;
}

std::string bounds(const Setting& row) {
  if (row.minimum.empty() && row.maximum.empty()) return "";
  if (row.minimum.empty()) return "at most " + std::string(row.maximum);
  if (row.maximum.empty()) return "at least " + std::string(row.minimum);
  return std::string(row.minimum) + " to " + std::string(row.maximum);
}

// "duration, 1s to 1h"
std::string kind(const Setting& row) {
  const std::string limits = bounds(row);
  return std::string(row.kind) + (limits.empty() ? "" : ", " + limits);
}

std::string fallback(const Setting& row) {
  return row.fallback.empty() ? "not set" : std::string(row.fallback);
}

// "ingress" of "ingress.listen"; empty for a key without a section.
std::string_view section(const Setting& row) {
  const auto dot = row.key.find('.');
  return dot == std::string_view::npos ? std::string_view{} : row.key.substr(0, dot);
}

std::string_view name_in_section(const Setting& row) {
  return section(row).empty() ? row.key : row.key.substr(section(row).size() + 1);
}

// Lines of at most `width` characters, each behind `indent`.
std::string wrapped(std::string_view text, std::string_view indent, std::size_t width) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (indent.size() + text.size() > width) end = text.rfind(' ', width - indent.size());
    out.append(indent).append(text.substr(0, end)).append("\n");
    text.remove_prefix(end == text.size() ? end : end + 1);
  }
  return out;
}

// A number or a boolean as it is, anything else as a string; no text of the table needs escapes.
std::string toml_value(std::string_view text) {
  const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return number || text == "true" || text == "false" ? std::string(text) : "\"" + std::string(text) + "\"";
}

// Those with a name in them last.
std::vector<Setting> all_rows() {
  std::vector<Setting> rows(setting_table().begin(), setting_table().end());
  for (const NamedSetting& row : named_setting_table()) rows.push_back(row.setting);
  return rows;
}

constexpr std::size_t kWidth = 110;

constexpr std::string_view kNamed =
    "`<name>` is a name of your choice, 1 to 32 of `a-z 0-9 _`, and `<NAME>` the same in capitals: as many "
    "as there are "
    "providers to sign in with.";

constexpr std::string_view kForms =
    "Durations are a whole number and ms, s, m, h or d; sizes a whole number and B, KiB, MiB or GiB.";

std::string table_cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string settings_help() {
  std::string out =
      "Settings: a variable of the environment, or a key of the file given with --config; the variable "
      "wins.\n";
  out.append(kForms).append("\n");
  for (const Setting& row : all_rows()) {
    out.append("\n").append(row.environment).append("  (").append(row.key).append(")\n");
    out.append(wrapped(row.help, "    ", kWidth));
    out.append("    ").append(kind(row)).append("; default: ").append(fallback(row)).append("\n");
  }
  return out;
}

std::string settings_toml() {
  std::string out =
      "# Penstock's settings, each with its default. Give this file to a program with --config; the "
      "environment variable\n"
      "# named beside a setting overrides it. Generated from the table in common/config: penstock "
      "--help-config=toml\n";
  out.append("# ").append(kForms).append("\n");
  std::string_view current;
  for (const Setting& row : setting_table()) {
    if (section(row) != current) {
      current = section(row);
      out.append("\n[").append(current).append("]\n");
    }
    out.append("\n").append(wrapped(row.help, "# ", kWidth));
    out.append("# ").append(row.environment).append(": ").append(kind(row));
    out.append(row.fallback.empty() ? "; not set unless given\n" : "\n");
    out.append("#").append(name_in_section(row)).append(" = ");
    out.append(toml_value(row.fallback.empty() ? row.example : row.fallback)).append("\n");
  }
  out.append("\n").append(wrapped(kNamed, "# ", kWidth));
  out.append("#\n# [oauth.<name>]\n");
  for (const auto& [row, assign] : named_setting_table()) {
    out.append("#\n").append(wrapped(row.help, "# ", kWidth));
    out.append("# ")
        .append(row.environment)
        .append(": ")
        .append(kind(row))
        .append("; not set unless given\n");
    out.append("# ").append(row.key.substr(row.key.rfind('.') + 1)).append(" = ");
    out.append(toml_value(row.example)).append("\n");
  }
  return out;
}

std::string settings_markdown() {
  std::string out =
      "# Configuration\n\n"
      "<!-- Generated from the table in common/config: penstock --help-config=markdown -->\n\n"
      "Settings come from environment variables and from the TOML file given with `--config`; a variable "
      "wins over the\n"
      "file. [`deploy/penstock.toml`](../deploy/penstock.toml) is that file with every default. An unknown "
      "key, an unknown\n"
      "`PENSTOCK_` variable, one that is nearly a variable of ours, and a bad value are errors: a program "
      "lists "
      "all of them\n"
      "and exits with 2. `--check-config` does only that, and prints what is in force and where each value "
      "came "
      "from,\n"
      "without the secrets.\n\n";
  out.append(kForms)
      .append("\nLists are comma-separated; in the file they may be lists.\n")
      .append(kNamed)
      .append("\n\n");
  out += "| variable | key | value | default | what it is | used by |\n|---|---|---|---|---|---|\n";
  for (const Setting& row : all_rows()) {
    out.append("| `").append(row.environment).append("` | `").append(row.key).append("` | ");
    out.append(table_cell(kind(row))).append(" | ");
    out.append(row.fallback.empty() ? "not set" : "`" + std::string(row.fallback) + "`").append(" | ");
    out.append(table_cell(row.help)).append(" | ").append(names(row.used_by)).append(" |\n");
  }
  return out;
}

}  // namespace penstock
