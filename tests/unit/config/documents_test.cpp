#include "common/config/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "common/config/table.h"
#include "tests/unit/config/temporary_folder.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string content(const std::string& file) {
  std::ifstream stream(std::string(PENSTOCK_SOURCE_DIR "/") + file, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

// Every "#key = …" line as if it were given.
std::string uncommented(const std::string& toml) {
  std::string out;
  for (std::size_t begin = 0; begin < toml.size();) {
    const auto end = toml.find('\n', begin);
    const auto line = toml.substr(begin, end - begin);
    const bool is_setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += (is_setting ? line.substr(1) : line) + "\n";
    begin = end + 1;
  }
  return out;
}

TEST(SettingsDocuments, CheckedInFilesAreGenerated) {
  EXPECT_EQ(content("deploy/penstock.toml"), settings_toml())
      << "write it again: penstock --help-config=toml";
  EXPECT_EQ(content("docs/configuration.md"), settings_markdown())
      << "write it again: penstock --help-config=markdown";
}

TEST(SettingsDocuments, EverySettingIsInEachForm) {
  for (const Setting& row : setting_table()) {
    EXPECT_THAT(settings_help(),
                HasSubstr(std::string(row.environment) + "  (" + std::string(row.key) + ")"));
    EXPECT_THAT(settings_toml(), HasSubstr("\n# " + std::string(row.environment) + ": "));
    EXPECT_THAT(settings_markdown(),
                HasSubstr("| `" + std::string(row.environment) + "` | `" + std::string(row.key) + "` |"));
  }
}

TEST(SettingsDocuments, WhatIsNamedByOperatorsIsInEachFormToo) {
  for (const auto& [row, assign] : named_setting_table()) {
    EXPECT_THAT(settings_help(),
                HasSubstr(std::string(row.environment) + "  (" + std::string(row.key) + ")"));
    EXPECT_THAT(settings_toml(), HasSubstr("\n# " + std::string(row.environment) + ": "));
    EXPECT_THAT(settings_markdown(),
                HasSubstr("| `" + std::string(row.environment) + "` | `" + std::string(row.key) + "` |"));
  }
}

TEST(SettingsDocuments, TheDefaultFileMeansTheDefaults) {
  const Environment secrets{{"STRIPE_WEBHOOK_SECRET", "whsec_0123456789"},
                            {"PENSTOCK_MASTER_KEY", "0123456789012345678901234567890123456789010="},
                            {"PENSTOCK_ADMIN_TOKEN", "0123456789abcdef"}};
  const TemporaryFolder folder;
  std::string toml = uncommented(settings_toml());
  for (const std::string empty : {"master_key = \"\"\n", "webhook_secret = \"\"\n", "token = \"\"\n"}) {
    const auto at = toml.find(empty);
    ASSERT_NE(at, std::string::npos);
    toml.erase(at, empty.size());
  }
  const auto loaded = Settings::load(Program::ingress, folder.write("penstock.toml", toml), secrets);
  EXPECT_THAT(loaded.problems, IsEmpty());
  for (const SettingSource& each : loaded.sources) {
    const auto table = setting_table();
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const Setting& r) { return r.key == each.key; });
    EXPECT_TRUE(row->fallback.empty() || each.shown == row->fallback) << each.key;
    EXPECT_EQ(each.source, row->shown == Shown::never ? row->environment : "file") << each.key;
  }
}

TEST(SettingsTable, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Setting& row : setting_table()) {
    EXPECT_TRUE(names.insert(row.key).second) << row.key;
    EXPECT_TRUE(names.insert(row.environment).second) << row.environment;
    EXPECT_FALSE(row.used_by.empty()) << row.key;
  }
}

}  // namespace
}  // namespace penstock
