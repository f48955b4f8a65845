// A settings file as a flat list of texts: TOML comes in, its types go no further.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penstock {

struct FileValue {
  std::string key;                  // "section.name"
  std::optional<std::string> text;  // nullopt: of a type that no setting has
  unsigned line = 0;
};

struct SettingsFile {
  std::vector<FileValue> values;      // in the order of their lines
  std::vector<std::string> problems;  // unreadable, or no TOML: then there are no values
};

// Whole numbers become their digits; a list of strings becomes one text with commas, as in the environment.
SettingsFile read_settings_file(const std::filesystem::path& path);

}  // namespace penstock
