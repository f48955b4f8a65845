#include "common/config/file.h"

#include <toml++/toml.h>
#include <fstream>
#include <iterator>

namespace penstock {
namespace {

std::optional<std::string> joined(const toml::array& list) {
  std::string text;
  for (const toml::node& node : list) {
    const auto* each = node.as_string();
    if (each == nullptr || (*each)->find(',') != std::string::npos) return std::nullopt;
    if (&node != &list.front()) text += ',';
    text += **each;
  }
  return text;
}

std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return **text;
  if (const auto* number = node.as_integer()) return std::to_string(**number);
  if (const auto* list = node.as_array()) return joined(*list);
  return std::nullopt;
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<FileValue>& values) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* section = node.as_table())
      flatten(*section, key + ".", values);
    else
      values.push_back({key, text_of(node), node.source().begin.line});
  }
}

}  // namespace

SettingsFile read_settings_file(const std::filesystem::path& path) {
  SettingsFile file;
  std::ifstream stream(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(stream)), {});
  if (!stream.is_open() || stream.bad()) {
    file.problems.push_back("cannot be read");
    return file;
  }
  try {
    flatten(toml::parse(content), "", file.values);
  } catch (const toml::parse_error& error) {
    file.problems.push_back("is no TOML: line " + std::to_string(error.source().begin.line) + ", column " +
                            std::to_string(error.source().begin.column));
  }
  return file;
}

}  // namespace penstock
