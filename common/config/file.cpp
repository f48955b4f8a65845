#include "common/config/file.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
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
  if (const auto* yes = node.as_boolean()) return **yes ? "true" : "false";
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

// nullopt with errno set when it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) return errno = EISDIR, std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

}  // namespace

SettingsFile read_settings_file(const std::filesystem::path& path) {
  SettingsFile file;
  const auto content = read_text(path);
  if (!content) {
    file.problems.push_back(std::string("cannot be read: ") + std::strerror(errno));
    return file;
  }
  try {
    flatten(toml::parse(*content), "", file.values);
    std::stable_sort(file.values.begin(), file.values.end(),
                     [](const FileValue& a, const FileValue& b) { return a.line < b.line; });
  } catch (const toml::parse_error& error) {
    file.problems.push_back("is no TOML: line " + std::to_string(error.source().begin.line) + ", column " +
                            std::to_string(error.source().begin.column));
  }
  return file;
}

}  // namespace penstock
