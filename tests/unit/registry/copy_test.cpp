#include "common/registry/copy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/config/temporary_folder.h"

namespace penstock::registry {
namespace {

const std::vector<SealedSetting> kSettings = {
    {"partner/acme", "v1.aa.bb"}, {"ban/github/1", ""}, {"", std::string(3, '\0')}};

Status write_copy(const std::filesystem::path& file, std::string_view origin,
                  const std::vector<SealedSetting>& settings) {
  NewCopy copy(origin, settings.size());
  for (const auto& setting : settings) copy.add(setting.key, setting.sealed);
  return std::move(copy).write(file);
}

class SettingsCopy : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "settings.copy";
};

TEST_F(SettingsCopy, ComesBackAsItWasForTheSameLogOnly) {
  ASSERT_TRUE(write_copy(file_, "kafka at k1 penstock.", kSettings));
  EXPECT_EQ(read_copy(file_, "kafka at k1 penstock.").value(), kSettings);
  EXPECT_EQ(read_copy(file_, "kafka at k2 penstock.").error().code, ErrorCode::invalid);
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(SettingsCopy, IsReplacedAsAWhole) {
  ASSERT_TRUE(write_copy(file_, "log", kSettings));
  ASSERT_TRUE(write_copy(file_, "log", {}));
  EXPECT_TRUE(read_copy(file_, "log").value().empty());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1)
      << "nothing is left beside it";
}

TEST_F(SettingsCopy, NoneIsNotFound) {
  EXPECT_EQ(read_copy(file_, "log").error().code, ErrorCode::not_found);
}

TEST_F(SettingsCopy, CutOffAnywhereIsDetected) {
  ASSERT_TRUE(write_copy(file_, "log", kSettings));
  const std::string whole = content();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    folder_.write("settings.copy", whole.substr(0, size));
    EXPECT_EQ(read_copy(file_, "log").error().code, ErrorCode::corrupt) << size;
  }
  folder_.write("settings.copy", whole + "x");
  EXPECT_EQ(read_copy(file_, "log").error().code, ErrorCode::corrupt);
}

TEST_F(SettingsCopy, ABitThatFlippedAnywhereIsDetected) {
  ASSERT_TRUE(write_copy(file_, "log", kSettings));
  const std::string whole = content();
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const char bit : {'\1', '\x10', '\x80'}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ bit);
      folder_.write("settings.copy", damaged);
      EXPECT_FALSE(read_copy(file_, "log")) << at;
    }
}

TEST_F(SettingsCopy, AFolderThatIsNotThereIsAnError) {
  EXPECT_EQ(write_copy(folder_.path() / "nowhere" / "copy", "log", {}).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace penstock::registry
