#include "common/config/generated.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/config/temporary_folder.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

fs::perms mode(const fs::path& path) { return fs::status(path).permissions(); }
std::size_t file_count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
}

TEST(GeneratedSecret, IsKeptForTheNextStart) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "admin_token";
  EXPECT_EQ(read_or_create_secret(file, "first").value(), "first");
  EXPECT_EQ(read_or_create_secret(file, "second").value(), "first");
}

TEST(GeneratedSecret, OnlyItsOwnerMayReadItWhateverTheUmask) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "admin_token";
  const auto umask_before = ::umask(0);
  EXPECT_TRUE(read_or_create_secret(file, "secret"));
  ::umask(umask_before);
  EXPECT_EQ(mode(file), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(file_count(folder.path()), 1U);
}

TEST(GeneratedSecret, AFileThatOthersMayReadIsRefused) {
  const TemporaryFolder folder;
  const auto file = folder.write("admin_token", "secret\n");
  fs::permissions(file, fs::perms::owner_read | fs::perms::group_read);
  const auto refused = read_or_create_secret(file, "other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.error().detail.find("secret\n"), std::string::npos);
}

TEST(GeneratedSecret, AnEmptyFileIsRefused) {
  const TemporaryFolder folder;
  const auto file = folder.write("admin_token", "");
  fs::permissions(file, fs::perms::owner_read);
  const auto refused = read_or_create_secret(file, "other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
}

TEST(GeneratedSecret, TwoProcessesThatStartTogetherAgree) {
  for (int round = 0; round < 50; ++round) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "admin_token";
    std::string first, second;
    std::thread other([&] { first = read_or_create_secret(file, "first").value(); });
    second = read_or_create_secret(file, "second").value();
    other.join();
    EXPECT_EQ(first, second);
  }
}

TEST(GeneratedSecret, AFolderThatIsMissingIsAnErrorNotACrash) {
  EXPECT_FALSE(read_or_create_secret("/nonexistent/admin_token", "x"));
}

TEST(DataDir, IsMadeForItsOwnerOnly) {
  const TemporaryFolder folder;
  const auto made = folder.path() / "a" / "b";
  EXPECT_TRUE(create_data_dir(made));
  EXPECT_TRUE(create_data_dir(made));
  EXPECT_EQ(mode(made), fs::perms::owner_all);
}

TEST(DataDir, ThatOthersCanWriteToIsRefusedWithTheCommandThatMendsIt) {
  for (const mode_t refused : {0777U, 0770U, 0702U, 01777U, 02775U}) {
    const TemporaryFolder parent;
    const auto folder = parent.path() / "data";
    fs::create_directory(folder);
    ASSERT_EQ(::chmod(folder.c_str(), refused), 0);
    const auto status = create_data_dir(folder);
    ASSERT_FALSE(status) << std::oct << refused;
    EXPECT_EQ(status.error().code, ErrorCode::invalid);
    EXPECT_NE(status.error().detail.find("chmod 700 " + folder.string()), std::string::npos);
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
    EXPECT_TRUE(create_data_dir(folder)) << "others may look, for no file of ours is theirs to read";
  }
}

TEST(DataDir, OfAnotherUserIsRefusedWithTheCommandThatMendsIt) {
  const TemporaryFolder parent;
  const auto folder = parent.path() / "data";
  fs::create_directory(folder);
  if (::chown(folder.c_str(), 12345, static_cast<gid_t>(-1)) != 0)
    GTEST_SKIP() << "NOT TESTED: giving a folder away needs the superuser";
  const auto status = create_data_dir(folder);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::invalid);
  EXPECT_NE(status.error().detail.find("chown"), std::string::npos);
}

TEST(DataDir, CannotBeMadeBelowAFile) {
  const TemporaryFolder folder;
  EXPECT_FALSE(create_data_dir(folder.write("file", "") / "a"));
}

TEST(FillFromDataDir, MakesWhatIsMissingOnce) {
  const TemporaryFolder folder;
  Settings first;
  first.data_dir = folder.path().string();
  Settings second = first;
  const auto files = fill_from_data_dir(first);
  ASSERT_TRUE(files);
  ASSERT_TRUE(fill_from_data_dir(second));
  EXPECT_EQ(files.value().admin_token, folder.path() / "admin_token");
  ASSERT_EQ(first.stripe_webhook_secrets.size(), 1U);
  EXPECT_TRUE(first.stripe_webhook_secrets[0].starts_with("whsec_"));
  EXPECT_EQ(first.admin_token.size(), 64U);
  EXPECT_EQ(first.stripe_webhook_secrets, second.stripe_webhook_secrets);
  EXPECT_EQ(first.admin_token, second.admin_token);
  EXPECT_EQ(files.value().master_key, folder.path() / "master_key");
  ASSERT_EQ(first.master_keys.size(), 1U);
  EXPECT_EQ(first.master_keys[0].size(), 32U);
  EXPECT_EQ(first.master_keys, second.master_keys);
}

TEST(FillFromDataDir, AMasterKeyFileMayHoldSeveralAndMustHoldKeys) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "master_key";
  const auto fill = [&](const char* line) {
    folder.write("master_key", line);
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    Settings settings;
    settings.data_dir = folder.path().string();
    const auto filled = fill_from_data_dir(settings);
    EXPECT_EQ(filled.has_value(), !settings.master_keys.empty());
    return filled ? std::to_string(settings.master_keys.size()) : filled.error().detail;
  };
  EXPECT_EQ(
      fill("0123456789012345678901234567890123456789010=,1123456789012345678901234567890123456789010=\n"),
      "2");
  const auto refused = fill("hunter2\n");
  EXPECT_TRUE(refused.starts_with(file.string() + ": has a key that is no base64 of 32 bytes")) << refused;
  EXPECT_EQ(refused.find("hunter2"), std::string::npos);
}

TEST(FillFromDataDir, LeavesWhatIsSet) {
  const TemporaryFolder folder;
  Settings settings;
  settings.data_dir = folder.path().string();
  settings.stripe_webhook_secrets = {"whsec_mine"};
  settings.admin_token = "mine";
  settings.master_keys = {std::string(32, 'k')};
  ASSERT_TRUE(fill_from_data_dir(settings));
  EXPECT_EQ(settings.admin_token, "mine");
  EXPECT_EQ(settings.master_keys, std::vector{std::string(32, 'k')});
  EXPECT_EQ(file_count(folder.path()), 0U);
}

}  // namespace
}  // namespace penstock
